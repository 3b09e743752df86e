# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Scenarios in which the machine starts more than once: from the root file system that all guests
# have, which keeps what is written to it, or by the distribution's own initramfs from one on an
# array. Every start runs the scenario again from its first line. Have one processor (cpus: 1): QEMU
# can die of a moved PCI window when another one runs. For scenarios: . /payload/guest/booting.sh

# boot: 0, and one more after each start. (The initramfs has a use of its own for "boot=".)
boot=0
if [[ $(</proc/cmdline) =~ \ start=([0-9]+) ]]; then
	boot=${BASH_REMATCH[1]}
elif [[ -e /next-boot ]]; then
	boot=$(</next-boot)
	rm /next-boot
fi

# Where the root file system is that will be on the array.
root_uuid=11111111-2222-3333-4444-555555555555

# install_module: what README.md says under "Load it at boot". For raid1.ko, what Debian does is all.
install_module() {
	[[ $MODULE == rs ]] || return 0
	local release
	release=$(uname -r)
	install -D -m 644 /payload/raid1_rs.ko "/lib/modules/$release/updates/raid1_rs.ko"
	depmod "$release"
	echo 'softdep raid1 pre: raid1_rs' >/etc/modprobe.d/raid1_rs.conf
	echo raid1_rs >>/etc/initramfs-tools/modules
}

# make_initramfs ARRAY: as a system with its root on that array has it.
make_initramfs() {
	mdadm --detail --brief "$1" >/etc/mdadm/mdadm.conf
	echo "UUID=$root_uuid / ext4 errors=remount-ro 0 1" >/etc/fstab
	# No drivers but those that the hooks of Debian's packages ask for, packed in haste, and nothing for what
	# this system has not: it takes less than half the time.
	chmod -x /usr/share/initramfs-tools/hooks/{btrfs,dmsetup,keymap,lvm2,thermal,xfs}
	printf '%s\n' 'MODULES=list' 'COMPRESSLEVEL=1' >/etc/initramfs-tools/conf.d/guest
	quietly update-initramfs -c -k "$(uname -r)"
}

# boot_root [ARGUMENT...]: starts the kernel with its initramfs, and the root file system on the array.
boot_root() {
	start_again "root=UUID=$root_uuid rw init=/init $*" "--initrd=/boot/initrd.img-$(uname -r)"
}

# boot_guest: starts it as guests are started.
boot_guest() { start_again 'root=PARTUUID=52443153-01 rw rootwait init=/init'; }

# start_again ARGUMENTS [OPTION-OF-KEXEC]: by kexec. Nothing is stopped; the kernel tells md
# and the disks that it goes down.
start_again() {
	local words word
	read -ra words </proc/cmdline
	local arguments=$1
	for word in "${words[@]}"; do
		case $word in
		root=* | rw | rootwait | init=* | start=* | left=* | module_blacklist=*) ;;
		*) arguments+=" $word" ;;
		esac
	done
	quietly kexec -l "/boot/vmlinuz-$(uname -r)" "${@:2}" --append="$arguments start=$((boot + 1)) left=$(time_left)"
	last_words
	# As a shutdown does. With a device, or mount would look for it in fstab, which is for the array.
	mount -o remount,ro none /
	kexec -e
	fail "kexec has come back"
}

# time_left: seconds until the host gives up, for the watchdog of the next start.
time_left() {
	local left=$((WATCHDOG_LEFT - SECONDS))
	echo $((left > 0 ? left : 1))
}

# restart_machine reboot|reset: with "restarts: yes". A reboot tells md, as by kexec; a reset tells nobody.
restart_machine() {
	echo $((boot + 1)) >/next-boot
	time_left >/left
	last_words
	case $1 in
	reboot) python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x01234567)' ;;
	reset) echo b >/proc/sysrq-trigger ;;
	esac
	until_true 60 "the end" false
}

# last_words: all that this start has to say is said.
last_words() {
	sync -f /
	echo "#boots"
	# stty sets its options only after all output has left.
	stty -F /dev/ttyS1 raw
}
