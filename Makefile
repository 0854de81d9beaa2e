# SPDX-License-Identifier: GPL-2.0-only
# For people. The module itself is described in Kbuild, which is all that DKMS and the kernel's own make read.

KERNELRELEASE_WANTED ?= $(shell uname -r)
KERNELDIR ?= /lib/modules/$(KERNELRELEASE_WANTED)/build

.PHONY: all clean command install uninstall deb rpm demo bench check check-packages lint unit help

all:
	@[ -e '$(KERNELDIR)/Makefile' ] || { \
		echo "No headers for kernel $(KERNELRELEASE_WANTED) in $(KERNELDIR); on Debian: apt install linux-headers-$(KERNELRELEASE_WANTED)" >&2; exit 1; }
	$(MAKE) -C $(KERNELDIR) M=$(CURDIR) modules

clean:
	@[ ! -e '$(KERNELDIR)/Makefile' ] || $(MAKE) -C $(KERNELDIR) M=$(CURDIR) clean
	$(MAKE) -C command clean

command:
	$(MAKE) -C command

install:
	scripts/install.sh install

uninstall:
	scripts/install.sh uninstall

deb rpm:
	scripts/packages.sh $@

demo:
	scripts/demo.sh

bench:
	scripts/bench.sh

check:
	scripts/check.sh

check-packages:
	scripts/check-packages.sh

lint:
	scripts/check.sh lint

unit:
	scripts/check.sh unit

help:
	@echo 'make             build the module for the running kernel (KERNELRELEASE_WANTED= for another)'
	@echo 'make command     build the command spliceguard and its manual pages, in command/ and man/'
	@echo 'make install     hand it to DKMS, load it now and at each boot; keeps files that you changed'
	@echo 'make uninstall   take all of that away again'
	@echo 'make deb, rpm    build the packages into dist/, linters included'
	@echo 'make demo        boot a stock kernel in QEMU and show what each mode does (KERNEL=6.12)'
	@echo 'make bench       what each mode costs, beside stock and beside programs without zero-copy: a quarter of an hour (KERNELS="6.12 7.2")'
	@echo 'make check       lint, unit tests, DKMS builds, tests in guests (KERNELS="6.1 7.2" TESTS=pattern V=1 WHOLE=1)'
	@echo 'make check-packages  the packages on fresh systems of each release, in guests that boot with systemd (RELEASES=bookworm PARTS=machine)'
	@echo 'make lint, unit  those two parts of it'
