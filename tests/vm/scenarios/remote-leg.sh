# SPDX-License-Identifier: GPL-2.0
# scenario: a write-mostly leg over NVMe/TCP is cut and restored under load; only the dirty regions are copied to it
# row: remote
# disks: 2x128M
# timeout: 600
# module: both
array=/dev/md100
target=/sys/kernel/config/nvmet
local_leg=$(member 0)
backend=$(member 1)
load_module
sync_speed 1000000
modprobe nvmet
modprobe nvmet-tcp
modprobe nvme-tcp

# The target: member 1, behind a TCP port of this machine.
mkdir $target/subsystems/mirror $target/subsystems/mirror/namespaces/1 $target/ports/1
echo 1 >$target/subsystems/mirror/attr_allow_any_host
echo remote >$target/subsystems/mirror/attr_serial
echo "$backend" >$target/subsystems/mirror/namespaces/1/device_path
echo 1 >$target/subsystems/mirror/namespaces/1/enable
echo tcp >$target/ports/1/addr_trtype
echo ipv4 >$target/ports/1/addr_adrfam
echo 127.0.0.1 >$target/ports/1/addr_traddr
echo 4420 >$target/ports/1/addr_trsvcid
plug_in() { ln -s $target/subsystems/mirror $target/ports/1/subsystems/mirror; }
cut() { rm $target/ports/1/subsystems/mirror; }

plug_in
quietly nvme connect --transport=tcp --traddr=127.0.0.1 --trsvcid=4420 --nqn=mirror \
	--hostnqn=nqn.2014-08.org.nvmexpress:uuid:5a5a5a5a-0000-4000-8000-000000000001 \
	--hostid=5a5a5a5a-0000-4000-8000-000000000001 \
	--reconnect-delay=1 --ctrl-loss-tmo=-1 --fast_io_fail_tmo=1 --keep-alive-tmo=60
find_remote() {
	local disk
	for disk in /sys/block/nvme*n*; do
		if [[ $(tr -d ' ' <"$disk/device/serial" 2>/dev/null) == remote ]]; then
			remote=/dev/${disk##*/}
			[[ -b $remote ]] && return
		fi
	done
	return 1
}
until_true 30 "the remote disk" find_remote

# lose_leg: the connection goes while there is I/O.
lose_leg() {
	cut
	until_true 60 "the remote leg to fail" md_is $array degraded 1
}
answers() { timeout 10 dd if="$remote" of=/dev/null bs=4k count=1 iflag=direct status=none 2>/run/dd.log; }
# restore_leg: the connection is back, and the leg is taken back.
restore_leg() {
	plug_in
	until_true 60 "the remote disk to answer" answers
	remove_leg $array "$remote"
	quietly mdadm $array --re-add "$remote"
	wait_whole $array
}

quietly mdadm --create $array --run --level=1 --raid-devices=2 --bitmap=internal --bitmap-chunk=64K \
	"$local_leg" --write-mostly "$remote" --write-behind=256
wait_whole $array
write_part $array 32
before=$(sectors_read "$backend")
check_part $array "with both legs"
(($(<"$(md_sysfs $array)/bitmap/max_backlog_used") > 0)) || fail "no write was behind"
expect_equal "reads from the remote leg" "$(($(sectors_read "$backend") - before))" 0

note "cut under load"
start_load $array --offset=40M --size=4M
lose_leg
before=$(sectors_written $array)
until_true 30 "writes to go on" written_since $array "$before" 200
stop_load
check_part $array "without the remote leg"
before=$(sectors_written "$backend")
restore_leg
written=$(($(sectors_written "$backend") - before))
# 4 MiB, with the regions at its edges, and the metadata.
((written > 100 && written < 6 << 11)) || fail "$written sectors were copied to the remote leg, for 4 MiB of dirty regions"
note "only what was dirty was copied"

note "cut and restored under load"
start_load $array --offset=40M --size=8M
lose_leg
restore_leg
lose_leg
restore_leg
before=$(sectors_written $array)
until_true 30 "writes to go on" written_since $array "$before" 200
stop_load
check_part $array "after all"
keep_layout $array
quietly mdadm --stop $array
same_data "$local_leg" "$remote"
note "and the remote leg alone has it all"
quietly mdadm --assemble --run $array "$remote"
check_part $array "from the remote leg"
quietly mdadm --stop $array

quietly nvme disconnect --nqn=mirror
cut
rmdir $target/ports/1
echo 0 >$target/subsystems/mirror/namespaces/1/enable
rmdir $target/subsystems/mirror/namespaces/1 $target/subsystems/mirror
