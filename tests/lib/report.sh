# shellcheck shell=bash
# Counts test results. A result is a line "PART <tab> ok|not ok|skip <tab> NAME <tab> WHY".

report_begin() {
    report_file=$1
    : >"$report_file"
    report_since=$SECONDS
}

report_line() { # PART WORD NAME [WHY]
    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4:-}" >>"$report_file"
    report_part "$1" "$(printf '%s\t%s\t%s\t%s' "$1" "$2" "$3" "${4:-}")"
}

# report_part PART LINES [LABEL]: says what came of a part, naming what failed
report_part() {
    printf '%s\n' "$2" | awk -F '\t' -v label="${3:-$1}" -v seconds=$((SECONDS - report_since)) '
        $2 == "ok" { passed++ }
        $2 == "not ok" { failed++; print "  not ok " $3 ($4 == "" ? "" : ": " $4) }
        $2 == "skip" { skipped++; print "  skip " $3 ($4 == "" ? "" : ": " $4) }
        END { printf "%-22s %5d passed %3d failed%s  (%d s)\n", label, passed, failed,
                  skipped ? sprintf(" %3d skipped", skipped) : "", seconds }'
    report_since=$SECONDS
}

# report_ctest PART LOG: reads what `ctest -V` printed. A cmocka program counts by its TAP lines,
# any other by its end; a program that dies counts as one failure more.
report_ctest() {
    local lines
    lines=$(awk -v part="$1" '
        function result(word, name, why) { printf "%s\t%s\t%s\t%s\n", part, word, name, why; total++ }
        /^ *Start +[0-9]+: / { id = $2; sub(/:$/, "", id); name[id] = $3; next }
        /^[0-9]+: (not )?ok [0-9]+ / {
            id = $1; sub(/:$/, "", id)
            line = $0; sub(/^[0-9]+: /, "", line)
            word = line ~ /^not ok/ ? "not ok" : "ok"
            sub(/^(not )?ok [0-9]+ (- )?/, "", line)
            if (line ~ /^# SKIP/) { word = "skip"; sub(/^# SKIP */, "", line) }
            if (word == "not ok") bad[id]++
            cases[id]++
            result(word, name[id] ": " line, "")
            next
        }
        /Test +#[0-9]+: / {
            match($0, /#[0-9]+/); id = substr($0, RSTART + 1, RLENGTH - 1)
            why = $0; sub(/^.*\.\.\. */, "", why); sub(/^\**/, "", why)
            if ($0 ~ / Passed +[0-9.]+ sec/) { if (!cases[id]) result("ok", name[id], "") }
            else if ($0 ~ /Skipped/) result("skip", name[id], why)
            else if (!bad[id]) result("not ok", name[id], why)
        }
        END { if (!total) result("not ok", "ctest", "no test ran") }' "$2")
    printf '%s\n' "$lines" >>"$report_file"
    report_part "$1" "$lines"
    if [[ $lines == *"	not ok	"* ]]; then report_keep "$1" "$2"; fi
}

# report_scenario PART NAME LOG STATUS: reads the lines ok, not ok, skip that a run.sh printed
report_scenario() {
    local lines
    lines=$(awk -v part="$1" -v scenario="$2" -v status="$4" '
        function result(word, rest,  name, why) {
            name = rest; why = ""
            if (match(rest, /: /)) { name = substr(rest, 1, RSTART - 1); why = substr(rest, RSTART + 2) }
            printf "%s\t%s\t%s: %s\t%s\n", part, word, scenario, name, why; total++
            if (word == "not ok") bad++
        }
        /^ok / { result("ok", substr($0, 4)) }
        /^not ok / { result("not ok", substr($0, 8)) }
        /^skip / { result("skip", substr($0, 6)) }
        END {
            if (status != 0 && !bad) result("not ok", "run.sh: ended with status " status \
                (status == 124 ? " (out of time)" : ""))
            if (!total) result("not ok", "run.sh: no test ran")
        }' "$3")
    printf '%s\n' "$lines" >>"$report_file"
    report_part "$1" "$lines" "$2"
    if [[ $lines == *"	not ok	"* ]]; then report_keep "${2//\//.}" "$3"; fi
}

# A failed part leaves its log where the next look finds it.
report_keep() {
    mkdir -p "$root/build/logs"
    cp "$2" "$root/build/logs/$1.log"
    echo "  log: build/logs/$1.log"
}

# The totals; false if anything failed
report_end() {
    awk -F '\t' '
        $2 == "ok" { passed++ } $2 == "not ok" { failed++ } $2 == "skip" { skipped++ }
        END { printf "%d passed, %d failed%s\n", passed, failed, skipped ? sprintf(", %d skipped", skipped) : ""
              exit failed > 0 || passed == 0 }' "$report_file"
}
