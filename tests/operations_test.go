package tests

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

const (
	alertsFile    = "../deploy/prometheus/alerts.yaml"
	dashboardFile = "../deploy/grafana/clientele.json"
	operations    = "../docs/operations.md"
)

var (
	metricForm = regexp.MustCompile(`\b(?:clientele|go|process)_[a-z_]+\b`)
	labelForm  = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)\s*"`)
	byForm     = regexp.MustCompile(`by \(([^)]*)\)`)
	typeForm   = regexp.MustCompile(`(?m)^# TYPE (\w+) (\w+)$`)
)

// exported are the metrics of a server that has had something to do, by name, and the labels that they have.
func exported(t *testing.T) (names, labels map[string]bool) {
	t.Helper()
	server, _ := startWithSimulator(t)
	server.link(t, "one")
	server.mustFail(t, "CustomerNotFound", updateOperation, object{"input": object{"customerId": "two", "name": "x"}})
	text := server.metrics(t)
	names = map[string]bool{}
	for _, line := range typeForm.FindAllStringSubmatch(text, -1) {
		names[line[1]] = true
		if line[2] == "histogram" {
			for _, part := range []string{"_bucket", "_sum", "_count"} {
				names[line[1]+part] = true
			}
		}
	}
	// What Prometheus adds to every series.
	labels = map[string]bool{"job": true, "instance": true}
	for _, label := range labelForm.FindAllStringSubmatch(text, -1) {
		labels[label[1]] = true
	}
	return names, labels
}

// alerts are the rules of the file for Prometheus, by name.
func alerts(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(alertsFile)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	rules := map[string]string{}
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			rules["alert "+rule.Alert] = rule.Expr
		}
	}
	return rules
}

// panels are the queries of the dashboard, by the panel's title.
func panels(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	queries := map[string]string{}
	for _, panel := range file.Panels {
		for _, target := range panel.Targets {
			queries["panel "+panel.Title] += target.Expr + "\n"
		}
	}
	return queries
}

// TestDashboardAlertsAndDocsMatchTheMetrics compares the dashboard, the alerts and the documentation with what the server
// says of itself.
func TestDashboardAlertsAndDocsMatchTheMetrics(t *testing.T) {
	t.Parallel()
	names, labels := exported(t)
	documentation, err := os.ReadFile(operations)
	if err != nil {
		t.Fatal(err)
	}
	rules, queries := alerts(t), panels(t)
	if len(rules) < 10 || len(queries) < 10 {
		t.Fatalf("only %d alerts and %d panels were found", len(rules), len(queries))
	}
	for _, expressions := range []map[string]string{rules, queries} {
		for where, expression := range expressions {
			for _, name := range metricForm.FindAllString(expression, -1) {
				if !names[name] {
					t.Errorf("%s: there is no metric %s", where, name)
				}
			}
			for _, label := range labelForm.FindAllStringSubmatch(expression, -1) {
				if !labels[label[1]] {
					t.Errorf("%s: no metric has the label %s", where, label[1])
				}
			}
			for _, list := range byForm.FindAllStringSubmatch(expression, -1) {
				for label := range strings.SplitSeq(list[1], ",") {
					if label = strings.TrimSpace(label); !labels[label] {
						t.Errorf("%s: no metric has the label %s", where, label)
					}
				}
			}
		}
	}
	documented := map[string]bool{}
	for _, name := range metricForm.FindAllString(string(documentation), -1) {
		documented[name] = true
		if !names[name] && !labels[name] {
			t.Errorf("docs/operations.md: there is no metric %s", name)
		}
	}
	for name := range names {
		isPart := strings.HasSuffix(name, "_bucket") || strings.HasSuffix(name, "_sum") || strings.HasSuffix(name, "_count")
		if strings.HasPrefix(name, "clientele_") && !isPart && !documented[name] {
			t.Errorf("docs/operations.md does not name %s", name)
		}
	}
	for _, name := range regexp.MustCompile("`(Clientele[A-Z]\\w+)`").FindAllStringSubmatch(string(documentation), -1) {
		if _, exists := rules["alert "+name[1]]; !exists {
			t.Errorf("docs/operations.md: there is no alert %s", name[1])
		}
	}
	for name := range rules {
		if !strings.Contains(string(documentation), "| `"+strings.TrimPrefix(name, "alert ")+"` |") {
			t.Errorf("docs/operations.md does not say what to do about %s", name)
		}
	}
}
