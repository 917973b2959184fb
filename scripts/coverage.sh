#!/usr/bin/env bash
# coverage.sh BUILD [FOLDER]: which part of the lines of src and include the
# tests have run that were made with COVERAGE=1 in BUILD: by folder, and the
# files of which least was run. Fails when it is less than it should be. A
# FOLDER gets pages that show each line, by gcovr.
#
# What runs only in processes that a signal ends counts as not run.
set -euo pipefail
cd "$(dirname "$0")/.."

core_percent=95 # of src/core
all_percent=85
worst_n=12

build=${1:?which build?}
pages=${2-}
[ -n "$(find "$build" -name '*.gcda' -print -quit 2>/dev/null)" ] || {
    echo "coverage: nothing is counted in $build; run make coverage" >&2
    exit 64
}
mapfile -t objects < <(find "$build/src" -name '*.o' | sort)

# "FILE LINES RUN" of each file, also of one that no test has run.
count() {
    gcov --json-format --stdout "${objects[@]}" 2>/dev/null |
        jq -r '.files[] | select(.file | test("^(src|include)/")) |
            .file as $file | .lines[] |
            "\($file) \(.line_number) \(if .count > 0 then 1 else 0 end)"' |
        awk '{ key = $1 " " $2; if (!(key in ran)) ran[key] = 0; ran[key] += $3 }
            END { for (key in ran) { split(key, part, " ")
                    lines[part[1]]++; if (ran[key]) run[part[1]]++ }
                for (file in lines) print file, lines[file], run[file] + 0 }'
}

# "NAME LINES RUN" in, a row each out.
rows() {
    awk '{ printf "%-28s %6d of %6d lines %6.1f %%\n", $1, $3, $2,
            100 * $3 / $2 }'
}

# sum NAME: of all that comes in.
sum() {
    awk -v name="$1" '{ lines += $2; run += $3 }
        END { print name, lines + 0, run + 0 }'
}

# demand PERCENT: of the one line that comes in.
demand() {
    awk -v percent="$1" '100 * $3 < percent * $2 || !$2 {
            printf "coverage: %s has less than %d %%\n", $1, percent
            exit 1 }' >&2
}

files=$(count)
folders=$(awk '{ sub(/\/[^\/]*$/, "", $1); lines[$1] += $2; run[$1] += $3 }
    END { for (folder in lines) print folder, lines[folder], run[folder] }' \
    <<<"$files" | sort)
total=$(sum all <<<"$files")

echo "Least of it is run:"
awk '{ print $3 / $2, $0 }' <<<"$files" | sort -n | head -n "$worst_n" |
    cut -d' ' -f2- | rows
echo
rows <<<"$folders"
rows <<<"$total"
if [ -n "$pages" ]; then
    scripts/install-deps.sh coverage
    mkdir -p "$pages"
    gcovr --root . --object-directory "$build/src" --filter 'src/' \
        --filter 'include/' --html-details "$pages/index.html" "$build/src"
    echo "Each line is in $pages/index.html."
fi
bad=0
grep '^src/core ' <<<"$folders" | demand "$core_percent" || bad=1
demand "$all_percent" <<<"$total" || bad=1
exit "$bad"
