// Command chart tries the Helm chart of the repository: Helm's own library lints and renders it, each object is decoded
// strictly as what it says it is, and what the connector is given is held against the program: its settings, its
// secrets, the port that it listens on.
//
// It is a module of its own, as Kubernetes's types are many, and is run before a release only.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	dir := flag.String("chart", "../../deploy/chart", "folder of the chart")
	program := flag.String("program", "../../bin/nuxeo-frameio", "the program that it runs")
	flag.Parse()
	if err := try(*dir, *program); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
	fmt.Println("the chart renders, and fits the program")
}

// sample are the values that somebody would give.
var sample = map[string]any{
	"publicUrl": "https://frameio.example.com", "nuxeoUrl": "https://nuxeo.example.com/nuxeo",
	"settings": map[string]any{"log-format": "json", "workers": 4, "admin-listen": "0.0.0.0:8091"},
	"ingress":  map[string]any{"className": "nginx", "annotations": map[string]any{"a": "b"}},
}

func try(dir, program string) error {
	for _, m := range lint.All(dir, sample, "frameio", true).Messages {
		if m.Severity > 1 { // hints are not held against it
			return m
		}
	}

	objects, err := render(dir, sample)
	if err != nil {
		return err
	}

	if _, err := render(dir, map[string]any{}); err == nil || !strings.Contains(err.Error(), "Give ") {
		return fmt.Errorf("without values it is not said what to give: %w", err)
	}

	var deployment *apps.Deployment
	kinds := []string{}
	for name, text := range objects {
		if strings.TrimSpace(text) == "" || strings.HasSuffix(name, ".tpl") {
			continue
		}

		object, kind, err := decode(text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}

		kinds = append(kinds, kind)
		if d, is := object.(*apps.Deployment); is {
			deployment = d
		}
	}

	slices.Sort(kinds)
	if want := []string{"Deployment", "Ingress", "PodDisruptionBudget", "Service"}; !slices.Equal(kinds, want) {
		return fmt.Errorf("got %v, want %v", kinds, want)
	}

	return fits(deployment, program)
}

// render makes the objects by the names of their templates.
func render(dir string, values map[string]any) (map[string]string, error) {
	c, err := loader.Load(dir)
	if err != nil {
		return nil, err
	}

	all, err := chartutil.ToRenderValues(c, values, chartutil.ReleaseOptions{Name: "frameio"},
		chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}

	return engine.Render(c, all)
}

// decode reads an object as its kind; a name that the kind does not have is an error.
func decode(text string) (object any, kind string, err error) {
	var head struct{ Kind string }
	if err := yaml.Unmarshal([]byte(text), &head); err != nil {
		return nil, "", err
	}

	switch head.Kind {
	case "Deployment":
		object = &apps.Deployment{}
	case "Service":
		object = &core.Service{}
	case "Ingress":
		object = &networking.Ingress{}
	case "PodDisruptionBudget":
		object = &policy.PodDisruptionBudget{}
	default:
		return nil, "", fmt.Errorf("nothing is known of the kind %q", head.Kind)
	}

	return object, head.Kind, yaml.UnmarshalStrict([]byte(text), object)
}

// fits has the program read what the container would give it.
func fits(d *apps.Deployment, program string) error {
	pod := d.Spec.Template.Spec
	container := pod.Containers[0]
	dir, err := os.MkdirTemp("", "nuxeo-frameio-chart-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	key := "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	if err := errors.Join(
		os.WriteFile(dir+"/database", []byte("postgres://frameio:secret@db:5432/frameio"), 0o600),
		os.WriteFile(dir+"/encryption-key", []byte(key), 0o600),
		os.WriteFile(dir+"/admin-token", []byte("a-token-of-an-administrator"), 0o600)); err != nil {
		return err
	}

	cmd := exec.Command(program, "config", "--json")
	cmd.Stderr = os.Stderr
	for _, e := range container.Env {
		if e.Name == "CREDENTIALS_DIRECTORY" {
			if !slices.ContainsFunc(container.VolumeMounts,
				func(m core.VolumeMount) bool { return m.MountPath == e.Value }) {
				return fmt.Errorf("nothing is mounted at %s", e.Value)
			}
			e.Value = dir
		}
		cmd.Env = append(cmd.Env, e.Name+"="+e.Value)
	}

	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("the program does not take the environment: %w", err)
	}

	var settings []struct{ Name, Value string }
	if err := json.Unmarshal(out, &settings); err != nil {
		return err
	}

	has := map[string]string{}
	for _, s := range settings {
		has[s.Name] = s.Value
	}

	for name, want := range map[string]string{
		"public-url": "https://frameio.example.com", "nuxeo-url": "https://nuxeo.example.com/nuxeo", "workers": "4",
		"database": "(set, hidden)", "encryption-key": "(set, hidden)",
		"admin-listen": "0.0.0.0:8091", "admin-token": "(set, hidden)",
	} {
		if has[name] != want {
			return fmt.Errorf("%s: got %q, want %q", name, has[name], want)
		}
	}

	if port := container.Ports[0].ContainerPort; port != 8090 {
		return fmt.Errorf("got the port %d, want that of the image, 8090", port)
	}

	if n := len(container.Ports); n != 2 || container.Ports[1].ContainerPort != 8091 {
		return fmt.Errorf("got the ports %v, want that of admin-listen, 8091, as the second one", container.Ports)
	}

	if !*container.SecurityContext.ReadOnlyRootFilesystem || *pod.SecurityContext.RunAsUser != 65532 {
		return errors.New("it does not run as the account of the image with a read-only root")
	}

	return nil
}
