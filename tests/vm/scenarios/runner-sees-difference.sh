# SPDX-License-Identifier: GPL-2.0
# scenario: the runner notices transcripts that differ
# module: compare
# raid1.ko: differs because the transcript names the module
note "this is $MODULE"
