# candidate.fish: completes candidate's options, and the names of elections, for
# which etcd is asked through etcdctl: for two seconds at most, and silently.
# Its options are given as variables: beside a variable it refuses an option.

# The elections that have a queue, below the folder that the word names.
function __candidate_elections
    set -l folder (string match -r '^.*/' -- (commandline -ct | string replace -r '^--[a-z-]+=' ''))
    set -l ask
    set -l words (commandline -opc)
    for i in (seq 2 (count $words))
        set -l option (string match -rg '^--(endpoints|cacert|cert|key)(?:=(.*))?$' -- $words[$i])
        or continue
        set -q option[2]
        or set -a option $words[(math $i + 1)]
        set -a ask ETCDCTL_(string upper $option[1])=$option[2]
    end
    env ETCDCTL_API=3 ETCDCTL_DIAL_TIMEOUT=1s ETCDCTL_COMMAND_TIMEOUT=1s $ask \
        timeout 2 etcdctl get --prefix --keys-only --limit=5000 "$folder" \
        </dev/null 2>/dev/null |
        sed -nE 's,^(.*/)?election_([^/]+)/[0-9a-f]+$,\1\2,p' | sort -u
end

# Whether an option was given after which an election is named.
function __candidate_names
    string match -qr -- '^--(status|why|observe|history|depose|transfer-to)' (commandline -opc)
end

complete -c candidate -f
complete -c candidate -n __candidate_names -a '(__candidate_elections)'
complete -c candidate -l election -x -a '(__candidate_elections)' -d 'which one: a key of etcd; default leader'
complete -c candidate -l ttl -x -d 'a dead leader blocks so long; 2-300, default 10'
complete -c candidate -l once -d 'end when leadership is lost; else try again'
complete -c candidate -l wait -x -d 'give up with 75 if not leading by then'
complete -c candidate -l nowait -d 'give up with 75 at once if another leads'
complete -c candidate -l status -d 'who leads and who waits; NAME instead of an ID'
complete -c candidate -l why -d 'what holds it up or threatens it, what mends that'
complete -c candidate -l observe -d 'each change, or a live picture on a terminal'
complete -c candidate -l history -d 'who has led, as far as etcd remembers'
complete -c candidate -l plain -d 'lines on a terminal, too'
complete -c candidate -l write-out -s w -x -a 'simple json' -d '-w: simple or json, on standard output'
complete -c candidate -l grace -x -d 'from SIGTERM to SIGKILL; default TTL / 5'
complete -c candidate -l guardian -d 'give the lease back after a crash, without one too'
complete -c candidate -l fenced-put -x -d 'put VALUE there, while the leadership lasts'
complete -c candidate -l fenced-delete -x -d 'delete it, while the leadership lasts'
complete -c candidate -l fence-file -r -F -d 'run COMMAND, unless FILE has seen a larger token'
complete -c candidate -l token -x -d 'of the leadership for which this is done'
complete -c candidate -l lock-key -x -d 'its lock key'
complete -c candidate -l priority -x -d '0-100: a leader of less steps down; default 0'
complete -c candidate -l depose -d 'make NAME\'s leader step down, and queue again'
complete -c candidate -l transfer-to -x -d 'make it step down for ID, which waits'
complete -c candidate -l on-elected -x -d 'sh -c CMD when it begins to lead'
complete -c candidate -l on-lost -x -d 'the same when it leads no longer'
complete -c candidate -l on-leader-change -x -d 'the same for each new $CANDIDATE_LEADER'
complete -c candidate -l hook-timeout -x -d 'until such a CMD is killed; default 10s'
complete -c candidate -l endpoints -x -d 'where etcd listens; default http://127.0.0.1:2379'
complete -c candidate -l discovery-srv -x -d 'ask DNS for its SRV records instead'
complete -c candidate -l dial-timeout -x -d 'until a connection stands; default 2s'
complete -c candidate -l command-timeout -x -d 'for an answer, less if the TTL says so; default 5s'
complete -c candidate -l keepalive-time -x -d 'TCP: silence until a probe is sent; default 2s'
complete -c candidate -l keepalive-timeout -x -d 'TCP: and then until it is cut; default 6s'
complete -c candidate -l cacert -r -F -d 'whom to trust; default: the CAs of the system'
complete -c candidate -l cert -r -F -d 'the client\'s certificate'
complete -c candidate -l key -r -F -d 'its key; default: it is in --cert'
complete -c candidate -l insecure-skip-tls-verify -d 'believe any server: for tests only'
complete -c candidate -l insecure-transport -x -a 'true false' -d '=false: endpoints without scheme mean https://'
complete -c candidate -l user -x -d 'asks for the password if none is given'
complete -c candidate -l password -x -d 'of the user; a file or the variable is safer'
complete -c candidate -l password-file -r -F -d 'its first line; for the owner alone to read'
complete -c candidate -l listen -x -d 'serve it over HTTP; also PORT or unix:PATH'
complete -c candidate -l log-level -x -a 'debug info warning error' -d 'debug, info, warning or error; default info'
complete -c candidate -l log-format -x -a 'text json' -d 'text or json; default text'
complete -c candidate -l help -d 'show this'
complete -c candidate -l version -d 'show the version'
