// peer.go: a client of etcd's own concurrency library for Go, driven like
// peer.mjs.
//
//	peer [-ttl SECONDS] elect PREFIX VALUE   concurrency.Election
//	peer [-ttl SECONDS] lock PREFIX          concurrency.Mutex
//	peer leader PREFIX                       Election.Observe
//	peer version                             the library's
//
// The keys are PREFIX/LEASE. elect and lock print "leading" once they lead; at
// SIGTERM they give their place back and end. leader prints the value of each
// leader until then. etcd is at ETCDCTL_ENDPOINTS.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/etcd/api/version"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

const (
	dialTimeout     = 10 * time.Second
	giveBackTimeout = 10 * time.Second
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func observe(ctx context.Context, election *concurrency.Election) {
	for reply := range election.Observe(ctx) {
		fmt.Println(string(reply.Kvs[0].Value))
	}
}

// run takes part until ctx is over.
func run(ctx context.Context, session *concurrency.Session, args []string) {
	election := concurrency.NewElection(session, args[1])
	mutex := concurrency.NewMutex(session, args[1])
	var err error
	switch args[0] {
	case "leader":
		observe(ctx, election)
		return
	case "elect":
		err = election.Campaign(ctx, args[2])
	case "lock":
		err = mutex.Lock(ctx)
	}
	if ctx.Err() != nil {
		return // before it has led
	}
	check(err)
	fmt.Println("leading")
	<-ctx.Done()
	last, cancel := context.WithTimeout(context.Background(), giveBackTimeout)
	defer cancel()
	if args[0] == "elect" {
		check(election.Resign(last))
	} else {
		check(mutex.Unlock(last))
	}
}

func main() {
	ttl := flag.Int("ttl", 60, "`seconds` that the lease lives")
	flag.Parse()
	args := flag.Args()
	modes := map[string]int{"elect": 3, "lock": 2, "leader": 2, "version": 1}
	if len(args) == 0 || modes[args[0]] != len(args) {
		fmt.Fprintln(os.Stderr, "usage: peer [-ttl SECONDS] elect PREFIX VALUE"+
			" | lock PREFIX | leader PREFIX | version")
		os.Exit(64)
	}
	if args[0] == "version" {
		fmt.Println(version.Version)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   strings.Split(os.Getenv("ETCDCTL_ENDPOINTS"), ","),
		DialTimeout: dialTimeout,
	})
	check(err)
	session, err := concurrency.NewSession(client, concurrency.WithTTL(*ttl))
	check(err)
	run(ctx, session, args)
	check(session.Close())
}
