# SPDX-License-Identifier: GPL-2.0
# scenario: installed as README.md says, md loads raid1_rs.ko by itself, and raid1.ko where that is missing
# row: registration boot
# disks: 2x64M
modules=/lib/modules/$(uname -r)
conf=/etc/modprobe.d/raid1_rs.conf
array=/dev/md100

expect_loaded() {
	local name
	for name in raid1_rs raid1; do
		if [[ $name == "$1" ]]; then
			[[ -d /sys/module/$name ]] || fail "$name is not loaded"
		else
			[[ ! -d /sys/module/$name ]] || fail "$name is loaded, too"
		fi
	done
	note "the array runs on $1.ko"
}

install_module() {
	install -D -m 644 /payload/raid1_rs.ko "$modules/updates/raid1_rs.ko"
	depmod
}

install_module
echo 'softdep raid1 pre: raid1_rs' >$conf

note "md core asks for level 1"
quietly mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=internal "$(member 0)" "$(member 1)"
expect_loaded raid1_rs
wait_whole $array
quietly mdadm --stop $array
rmmod raid1_rs

note "the initramfs asks for raid1 by its name"
modprobe -q raid1 || note "modprobe says no, since the level is taken"
quietly mdadm --assemble $array "$(member 0)" "$(member 1)"
expect_loaded raid1_rs
quietly mdadm --stop $array
rmmod raid1_rs

note "a kernel for which raid1_rs.ko was not built"
rm "$modules/updates/raid1_rs.ko"
depmod
quietly mdadm --assemble $array "$(member 0)" "$(member 1)"
expect_loaded raid1
quietly mdadm --stop $array
rmmod raid1

note "back to raid1.ko: without the line, and without the module"
rm $conf
quietly mdadm --assemble $array "$(member 0)" "$(member 1)"
expect_loaded raid1
quietly mdadm --stop $array
rmmod raid1
