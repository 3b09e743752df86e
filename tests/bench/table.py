#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""table.py TRANSCRIPT KERNEL: the benchmark's results as a page with a table."""
import sys

# Key, what it is, unit, the raw leg's key to subtract, and whether less is better.
ROWS = [
    ("read-2", "4 KiB random read, 2 legs", "instructions", "read", True),
    ("read-3", "4 KiB random read, 3 legs", "instructions", "read", True),
    ("write-2", "4 KiB random write, 2 legs", "instructions", "write", True),
    ("write-3", "4 KiB random write, 3 legs", "instructions", "write", True),
    ("single-read-2", "4 KiB random read, 2 legs, one at a time", "instructions", "single-read", True),
    ("single-write-2", "4 KiB random write, 2 legs, one at a time", "instructions", "single-write", True),
    ("bitmap-read-2", "4 KiB random read, 2 legs, bitmap", "instructions", "bitmap-read", True),
    ("bitmap-read-3", "4 KiB random read, 3 legs, bitmap", "instructions", "bitmap-read", True),
    ("bitmap-write-2", "4 KiB random write, 2 legs, bitmap", "instructions", "bitmap-write", True),
    ("bitmap-write-3", "4 KiB random write, 3 legs, bitmap", "instructions", "bitmap-write", True),
    ("sequential-read", "sequential read, one stream", "MB/s", None, False),
    ("sequential-write", "sequential write, one stream", "MB/s", None, False),
    ("latency-read", "latency of a 4 KiB read, queue depth 1", "us", None, True),
    ("latency-write", "latency of a 4 KiB write, queue depth 1", "us", None, True),
    ("uneven-fast-first", "random reads, queue depth 1, legs of 80 us and 1 ms", "I/O per s", None, False),
    ("uneven-slow-first", "the same, legs of 1 ms and 80 us", "I/O per s", None, False),
    ("check", "check", "MB/s", None, False),
    ("recovery", "recovery", "MB/s", None, False),
    ("idle-memory", "memory of an idle array", "KiB", None, True),
]


def main():
    transcript, kernel = sys.argv[1:]
    results = {}
    for line in open(transcript, encoding="utf-8", errors="replace"):
        words = line.split()
        if words[:1] == ["#result"]:
            results[words[1], words[2]] = float(words[3])

    def value(module, key, raw):
        found = results.get((module, key))
        if found is None:
            return None
        return found - results["raw", raw] if raw else found

    def show(number):
        if number is None:
            return "-"
        return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.1f}"

    print("# Benchmark\n")
    print(f"Made by `make bench` on Linux {kernel}. The guest's clock counts instructions, so the figures hardly")
    print("depend on the machine. \"instructions\" are those added to each I/O over the raw leg (null_blk that")
    print("completes within the submission; with a bitmap: one that also stores), 32 at a time. Speeds and latencies are")
    print("those of simulated drives of 80 us and 1,000 MB/s.\n")
    print("| what | unit | raid1.ko | raid1_rs.ko | ratio | better |")
    print("|---|---|---:|---:|---:|---|")
    for key, what, unit, raw, less in ROWS:
        reference, ours = value("c", key, raw), value("rs", key, raw)
        ratio, better = "-", "-"
        if reference is not None and ours is not None and reference != 0:
            ratio = f"{ours / reference:.2f}"
            within = abs(ours / reference - 1) < 0.01
            better = "same" if within else "raid1_rs" if (ours < reference) == less else "raid1"
        print(f"| {what} | {unit} | {show(reference)} | {show(ours)} | {ratio} | {better} |")
    stacks = [show(value(module, "idle-stacks", None)) for module in ("c", "rs")]
    print(f"\nThe memory of an idle array includes the stacks of its threads: {stacks[0]} KiB with raid1.ko, {stacks[1]} KiB with")
    print("raid1_rs.ko. What each thread is for, and what else there is: [design](design.md#the-memory-of-an-idle-array).")


main()
