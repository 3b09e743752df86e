#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Each scenario is one that the runner finds and can read (tests/vm/scenario.rs has the
# keys), and says something of its own.
set -uo pipefail
. "$(dirname "$0")/common.bash"

check() {
	project_files_like '^tests/vm/scenarios/' | grep -vE '^tests/vm/scenarios/[a-z0-9-]+\.sh$' |
		sed 's/$/: the runner looks for NAME.sh in tests\/vm\/scenarios, and not below it/'
	project_files_like '^tests/vm/scenarios/.*\.sh$' | xargs awk '
		FNR == 1 { header = 1 }
		FNR == 1 { files[FILENAME] = 1 }
		!/^#/ { header = 0 }
		header && /^# scenario: ./ {
			said[FILENAME]++
			if ($0 in first) print FILENAME ": says the same of itself as " first[$0]
			else first[$0] = FILENAME
		}
		header && /^# [a-z0-9.-]+:/ && !/^# (scenario|row|disks|timeout|memory|cpus|restarts|leaks|module|lanes|log-allow|raid1\.ko|raid1\.ko-says|outcome): ./ {
			print FILENAME ": unknown key, or nothing behind it: " $0
		}
		header && /^# module:/ && !/^# module: (rs|c|both|compare)$/ { print FILENAME ": unknown module: " $0 }
		END { for (file in files) if (said[file] != 1) print file ": needs one line \"# scenario: what it shows\"" }'
}

smoke=tests/vm/scenarios/smoke.sh
the_project_passes
notices 'the runner looks for' make_file tests/vm/scenarios/more/planted.sh '# scenario: planted'
notices 'the runner looks for' make_file tests/vm/scenarios/planted.bash '# scenario: planted'
notices 'needs one line' sed -i '/^# scenario:/d' $smoke
notices 'unknown key' sed -i '2a # time-out: 3' $smoke
notices 'unknown key' sed -i 's/^# disks:.*/# disks: /' $smoke
notices 'unknown module' sed -i 's/^# module:.*/# module: raid1/' $smoke
notices 'the same of itself' cp $smoke tests/vm/scenarios/planted.sh
verdict
