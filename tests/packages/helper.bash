# shellcheck shell=bash
# What the tests of the packages share. The packages are in /test/previous and /test/current, as versions PREVIOUS and CURRENT; what
# is kept from boot to boot is in STATE.
# shellcheck source=/dev/null
. /test/versions
export PREVIOUS CURRENT

K=/proc/sys/kernel
STATE=/var/lib/spliceguard-test
KERNEL=$(uname -r)
CONFIG=/etc/modprobe.d/spliceguard.conf
MOTD=/run/motd.d/spliceguard
export K KERNEL CONFIG MOTD
mkdir -p "$STATE"

# In what bats prints when a test fails.
show() {
	echo "\$ $*"
	"$@" 2>&1
}

# lacks GREP-ARGUMENTS: nothing of it is there; shows what is.
lacks() {
	local code=0
	grep "$@" || code=$?
	# 2 would be a file that is not there.
	[ "$code" = 1 ]
}

# Everything that a package could have left: names, owners, modes, lengths; of configuration and indexes, the contents too. Not what any
# use of the machine changes, nor the key that dkms itself makes for all modules.
snapshot() {
	find / -xdev \( -path /dev -o -path /proc -o -path /run -o -path /sys -o -path /test -o -path /tmp -o -path /root -o -path "$STATE" \
		-o -path /var/log -o -path /var/cache -o -path /var/tmp -o -path /var/backups -o -path /var/lib/apt -o -path /var/lib/dpkg \
		-o -path '/var/lib/dkms/mok.*' -o -path /var/lib/systemd/random-seed -o -path /var/lib/systemd/timers -o -path /etc/.pwd.lock \) -prune \
		-o -type d -printf '%p/ %m %u:%g\n' -o -printf '%p %m %u:%g %s %l\n' | sort
	find /etc "/lib/modules/$KERNEL" -maxdepth 4 -type f \( -path '/etc/*' -o -name 'modules.*' \) -exec sha256sum {} + | sort -k 2
}

# install DIRECTORY: as an administrator does; what apt says is kept.
install_packages() {
	apt-get -y --allow-downgrades --no-install-recommends install "/test/$1"/*.deb >"$STATE/apt.log" 2>&1 || {
		cat "$STATE/apt.log"
		return 1
	}
}

loaded_version() {
	cat /sys/module/spliceguard/version
}

is_unit() {
	[ "$(systemctl is-active "$2")" = "$1" ]
}

# The guard's unit fails, and WORDS are where an administrator looks.
guard_fails_with() {
	is_unit failed spliceguard.service
	systemctl --failed --no-legend --plain | grep -q '^spliceguard\.service'
	show systemctl status --no-pager --lines=20 spliceguard.service | tee /dev/fd/2 | grep -qF -- "$1"
	journalctl -b -o cat -u spliceguard.service | grep -qF -- "$1"
	grep -qF -- "$1" "$MOTD"
}

guard_is_content() {
	show systemctl status --no-pager --lines=20 spliceguard.service
	is_unit active spliceguard.service
	[ ! -e "$MOTD" ]
}

# Microseconds since the kernel began: of the line with which the module says that it is there, of a unit's beginning.
load_time() {
	journalctl -b -k -o json | grep -F 'spliceguard: splice_mode is ' | sed -nE 's/.*"_SOURCE_MONOTONIC_TIMESTAMP" *: *"([0-9]+)".*/\1/p' | head -n 1
}

unit_time() {
	systemctl show -p InactiveExitTimestampMonotonic "$1" | cut -d= -f2
}

# Whatever lets somebody in comes after both the module and the guard's verdict.
protected_before_all() {
	local load guard unit time
	load=$(load_time)
	guard=$(systemctl show -p ActiveEnterTimestampMonotonic spliceguard.service | cut -d= -f2)
	echo "loaded at $load us, guard content at $guard us"
	[ "$load" -gt 0 ]
	[ "$guard" -gt "$load" ]
	for unit in network-pre.target networking.service ssh.service serial-getty@ttyS0.service; do
		time=$(unit_time "$unit")
		echo "$unit began at $time us"
		[ "$time" -gt "$guard" ]
	done
}
