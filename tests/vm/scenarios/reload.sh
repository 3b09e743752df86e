# SPDX-License-Identifier: GPL-2.0
# scenario: loaded and unloaded 100 times, an array made and stopped 20 times: no memory is left behind
# leaks: yes
# row: registration
# disks: 2x16M
# timeout: 600
# module: both
array=/dev/md100

reload() {
	local round
	for ((round = 0; round < $1; round++)); do
		load_module
		unload_module
	done
}
rebuild() {
	local round
	for ((round = 0; round < $1; round++)); do
		quietly mdadm --assemble $array "$(member 0)" "$(member 1)"
		dd if=/dev/zero of=$array bs=64k count=1 oflag=direct status=none
		quietly mdadm --stop $array
	done
}
# no_leak WHAT COUNT BEFORE: less than 16 KiB for each of COUNT. An array is several times that, and caches
# of the kernel's own come and go. What is smaller is for kmemleak, in the debug lane.
no_leak() { memory_is_back "$3" $(($2 * 16)) "$2 times $1"; }

reload 10
before=$(memory_used)
reload 90
no_leak "insmod and rmmod" 90 "$before"

load_module
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal \
	"$(member 0)" "$(member 1)"
quietly mdadm --stop $array
rebuild 3
before=$(memory_used)
rebuild 20
no_leak "assemble, write, stop" 20 "$before"
