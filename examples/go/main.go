// Command go judges the crate in a folder through the Dagger module, from Go.
// Run it in a Dagger session, where sixty is the module: in a checkout of sixty,
//
//	dagger run go run ./examples/go path/to/crate
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/Khan/genqlient/graphql"
	"github.com/dagger/querybuilder"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: dagger run go run ./examples/go path/to/crate")
		os.Exit(2)
	}
	if err := judge(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// verdict is what is asked of a deployment.
type verdict struct {
	Status         string
	Level          string
	Recommendation string
	Report         string
}

// judge deploys a crate, brings the report here, and says what it says.
func judge(ctx context.Context, folder string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	root := querybuilder.Query().Client(session())
	// A session of dagger run has no module: the one of this checkout is served.
	if err := root.Select("moduleSource").Arg("refString", ".").Select("asModule").Select("serve").Execute(ctx); err != nil {
		return fmt.Errorf("load the module: %w", err)
	}
	var source string
	if err := root.Select("host").Select("directory").Arg("path", folder).Select("id").Bind(&source).Execute(ctx); err != nil {
		return fmt.Errorf("read %s: %w", folder, err)
	}
	deployment := root.Select("sixty").Select("deploy").Arg("source", source)
	var v verdict
	for field, to := range map[string]*string{"status": &v.Status, "level": &v.Level, "recommendation": &v.Recommendation} {
		if err := deployment.Select(field).Bind(to).Execute(ctx); err != nil {
			return fmt.Errorf("deploy: %w", err)
		}
	}
	if err := deployment.Select("report").Select("export").Arg("path", "out").Bind(&v.Report).Execute(ctx); err != nil {
		return fmt.Errorf("export the report: %w", err)
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	fmt.Println(string(text))
	if v.Status != "READY" {
		return errors.New("not ready")
	}
	return nil
}

// session is the GraphQL API that dagger run serves,
// https://docs.dagger.io/getting-started/api.
func session() graphql.Client {
	return graphql.NewClient("http://127.0.0.1:"+os.Getenv("DAGGER_SESSION_PORT")+"/query", authorized(os.Getenv("DAGGER_SESSION_TOKEN")))
}

// authorized sends the session's token.
type authorized string

func (token authorized) Do(r *http.Request) (*http.Response, error) {
	r.SetBasicAuth(string(token), "")
	return http.DefaultClient.Do(r)
}
