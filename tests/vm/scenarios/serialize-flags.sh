# SPDX-License-Identifier: GPL-2.0
# scenario: legs become write-mostly and stop being so under load, with and without serialization
# row: write-behind
# disks: 2x32M
# timeout: 150
# module: both
# raid1.ko: panics because its state for serialization is gone when a leg stops being write-mostly
array=/dev/md100
md=/sys/block/md100/md
load_module
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --write-behind=16 \
	"$(member 0)" --write-mostly "$(member 1)"
keep_layout $array
fill $array
echo 1 >$md/serialize_policy
fio --name=load --thread --filename=$array --ioengine=io_uring --direct=1 --rw=randwrite --bsrange=512-64k \
	--norandommap --size=1M --iodepth=16 --time_based --runtime=15 >/run/fio.log 2>&1 &
load=$!
round=0
while kill -0 $load 2>/dev/null; do
	for leg in 1 0; do
		echo -writemostly >$md/rd$leg/state
		echo writemostly >$md/rd$((1 - leg))/state
	done
	round=$((round + 1))
done
wait $load || fail "fio: $(tail -n 5 /run/fio.log)"
note "so often: $round"
((round > 2)) || fail "only $round rounds"
expect_equal "the legs" "$(mdstat $array | grep -oE '\[[U_]+\]')" "[UU]"
quietly mdadm --stop $array
same_data "$(member 0)" "$(member 1)"
