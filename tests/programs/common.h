/* SPDX-License-Identifier: GPL-2.0-only */
/* What the test programs share, also with the command `spliceguard`, whose `test` makes the same calls. */
#include "../../command/calls.h"
