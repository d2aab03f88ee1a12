// Command controlplane is the part of Kubernetes that the cluster tests talk to: etcd, kube-apiserver,
// kube-controller-manager and kubectl in one file, told apart by the name it is called by (or its first argument).
// Each runs as a process of its own, so that a test can kill one of them and leave the others alone.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

// commands maps a program's name to what builds its cobra command; etcd parses its own arguments.
var commands = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllers.NewControllerManagerCommand,
	"kubectl":                 kubectl.NewDefaultKubectlCommand,
}

func main() {
	name := filepath.Base(os.Args[0])
	if !known(name) && len(os.Args) > 1 {
		name = os.Args[1]
		os.Args = append([]string{name}, os.Args[2:]...)
	}
	if os.Getenv("CONTROLPLANE_LIVES_WITH_STDIN") != "" {
		go exitAtEndOf(os.Stdin)
	}
	if name == "etcd" {
		etcdmain.Main(os.Args)
		return
	}
	build, found := commands[name]
	if !found {
		fmt.Fprintf(os.Stderr, "called as %q; expected etcd, kube-apiserver, kube-controller-manager or kubectl\n", name)
		os.Exit(2)
	}
	os.Exit(cli.Run(build()))
}

func known(name string) bool {
	_, found := commands[name]
	return found || name == "etcd"
}

// exitAtEndOf ends the process when the other end of the pipe is closed, so that a killed test run leaves nothing behind.
func exitAtEndOf(pipe io.Reader) {
	_, _ = io.Copy(io.Discard, pipe)
	os.Exit(1)
}
