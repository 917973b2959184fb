# shellcheck shell=bash
# candidate.bash: completes candidate's options, and the names of elections,
# for which etcd is asked through etcdctl: for two seconds at most, and silently.
# Its options are given as variables: beside a variable it refuses an option.

# _candidate_elections WORD [VARIABLE=VALUE]...: the elections that have a
# queue, below the folder that WORD names; one a line.
_candidate_elections() {
    local folder=
    case $1 in */*) folder=${1%/*}/ ;; esac
    shift
    env ETCDCTL_API=3 ETCDCTL_DIAL_TIMEOUT=1s ETCDCTL_COMMAND_TIMEOUT=1s "$@" \
        timeout 2 etcdctl get --prefix --keys-only --limit=5000 "$folder" \
        </dev/null 2>/dev/null |
        sed -nE 's,^(.*/)?election_([^/]+)/[0-9a-f]+$,\1\2,p' | sort -u
}

# _candidate_reply WORDS WORD: those of WORDS, one a line, that begin as WORD.
_candidate_reply() {
    local IFS=$'\n' word
    for word in $1; do
        [[ $word != "$2"* ]] || COMPREPLY+=("$word")
    done
}

_candidate_options='--election
--ttl
--once
--wait
--nowait
--status
--why
--observe
--history
--plain
--write-out
--grace
--guardian
--fenced-put
--fenced-delete
--fence-file
--token
--lock-key
--priority
--depose
--transfer-to
--on-elected
--on-lost
--on-leader-change
--hook-timeout
--endpoints
--discovery-srv
--dial-timeout
--command-timeout
--keepalive-time
--keepalive-timeout
--cacert
--cert
--key
--insecure-skip-tls-verify
--insecure-transport
--user
--password
--password-file
--listen
--log-level
--log-format
--help
--version'

_candidate() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local i name names='' ask=()
    COMPREPLY=()
    # The shell takes --option=value for three words.
    if [ "$cur" = = ]; then
        cur=
    elif [ "$prev" = = ] && [ "$COMP_CWORD" -ge 2 ]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --) # what follows is a command
            [ "$i" -ne $((COMP_CWORD - 1)) ] ||
                _candidate_reply "$(compgen -c -- "$cur")" "$cur"
            return
            ;;
        --status | --why | --observe | --history | --depose | --transfer-to)
            names=yes
            ;;
        --endpoints | --cacert | --cert | --key)
            local value=${COMP_WORDS[i + 1]}
            [ "$value" != = ] || value=${COMP_WORDS[i + 2]-}
            # A value with a colon is several words as well.
            name=${COMP_WORDS[i]#--}
            [ "$name" = endpoints ] || ask+=("ETCDCTL_${name^^}=$value")
            ;;
        esac
    done
    if [[ ${COMP_LINE-} =~ --endpoints[=\ ]+([^\ ]+)\  ]]; then
        ask+=("ETCDCTL_ENDPOINTS=${BASH_REMATCH[1]}")
    fi

    case $prev in
    --election)
        _candidate_reply "$(_candidate_elections "$cur" "${ask[@]}")" "$cur"
        return
        ;;
    --write-out | -w) _candidate_reply $'simple\njson' "$cur" && return ;;
    --log-level)
        _candidate_reply $'debug\ninfo\nwarning\nerror' "$cur" && return ;;
    --log-format) _candidate_reply $'text\njson' "$cur" && return ;;
    --insecure-transport) _candidate_reply $'true\nfalse' "$cur" && return ;;
    --cacert | --cert | --key | --password-file | --fence-file)
        _candidate_reply "$(compgen -f -- "$cur")" "$cur" && return ;;
    --ttl | --wait | --grace | --fenced-put | --fenced-delete | --token | \
        --lock-key | --priority | --transfer-to | --on-* | --endpoints | \
        --discovery-srv | --*-time | --*-timeout | --user | --password | \
        --listen)
        return
        ;;
    esac
    if [[ $cur == -* ]]; then
        _candidate_reply "$_candidate_options" "$cur"
    elif [ -n "$names" ]; then
        _candidate_reply "$(_candidate_elections "$cur" "${ask[@]}")" "$cur"
    fi
}

complete -F _candidate candidate
