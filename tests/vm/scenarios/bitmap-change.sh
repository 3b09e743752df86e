# SPDX-License-Identifier: GPL-2.0
# scenario: the bitmap is added and removed while data is written; with it, a leg that comes back is soon done
# row: bitmap
# disks: 2x48M
# timeout: 180
# module: both
array=/dev/md100
first=$(member 0)
second=$(member 1)
load_module
quietly mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=none "$first" "$second"
fio --name=load --filename=$array --ioengine=io_uring --direct=1 --rw=randwrite --bsrange=512-64k --size=24M \
	--iodepth=8 --verify=crc32c --verify_backlog=64 --verify_fatal=1 --time_based --runtime=15 >/run/fio.log 2>&1 &
load=$!
rounds=0
while kill -0 $load 2>/dev/null; do
	change_bitmap $array internal --bitmap-chunk=1M
	mdstat $array | expect_line - 'bitmap: '
	change_bitmap $array none
	! mdstat $array | grep -q bitmap || fail "the bitmap is still there"
	rounds=$((rounds + 1))
done
wait $load || fail "fio found wrong data or an I/O error: $(tail -n 5 /run/fio.log)"
note "$rounds rounds"
((rounds >= 2)) || fail "only $rounds rounds"

note "with a bitmap: 2 MiB changed"
change_bitmap $array internal --bitmap-chunk=1M
fill $array
wait_clean $array
# How long md takes to note that a region is clean again.
until_true 60 "the bitmap to be clean" bash -c "! mdadm --examine-bitmap $first | grep -qE 'dirty: [1-9]| [1-9][0-9]* dirty'"
quietly mdadm $array --fail "$second"
remove_leg $array "$second"
dd if=/dev/urandom of=$array bs=1M seek=11 count=2 oflag=direct conv=notrunc status=none
before=$(sectors_written "$second")
quietly mdadm $array --re-add "$second"
wait_whole $array
copied=$((($(sectors_written "$second") - before) / 2048))
note "$copied MiB were copied"
((copied <= 6)) || fail "$copied MiB were copied, and 2 had changed"
keep_layout $array
quietly mdadm --stop $array
same_data "$first" "$second"
