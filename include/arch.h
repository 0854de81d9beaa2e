/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between processors; nothing else in this module knows. Each gives
 *
 * spg_arch_refusal() - why hooks cannot work in this kernel, as a sentence; or NULL
 * spg_call_site() - where ftrace has the call of a function that a disabled kprobe has found, or 0
 * spg_function_entry() - where a function with such a call site is entered by others
 * spg_past_call_site() - where such a function goes on after its call site
 * spg_frame_sixth(frame) - the sixth argument of the function that a callback is about, as an
 *	lvalue: ftrace's trampolines restore what they have saved of the arguments
 *
 * SPG_IF_SYSCALL32(text) - the text, if system calls of 32-bit programs have entries of their own
 * SPG_SYSCALL##bits(name) - the function that is a system call's entry, for 64 bits and for those
 * spg_args##bits() - its first four arguments, from what it was given
 * SPG_REGS##bits(first) - arguments for it: the first as given, the rest zero
 */
#ifndef SPG_ARCH_H
#define SPG_ARCH_H

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/ptrace.h>

#if defined(CONFIG_X86_64)
#include "arch_x86.h"
#elif defined(CONFIG_ARM64)
#include "arch_arm64.h"
#else
#error "spliceguard knows amd64 and arm64 only"
#endif

#endif
