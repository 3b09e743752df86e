#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The bugs that the debug lane plants in a copy of the module still fit the sources:
# the lane itself runs more seldom than these checks.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit

failed=0
for patch in tests/debug/planted/*.patch; do
	if ! output=$(scripts/enter patch --dry-run --batch -p1 --fuzz=0 --input="$patch" 2>&1); then
		echo "$patch does not apply any more; see tests/debug/README.md"
		echo "$output"
		failed=1
	fi
done
exit $failed
