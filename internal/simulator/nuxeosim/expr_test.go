package nuxeosim

import (
	"errors"
	"testing"
)

func TestEL(t *testing.T) {
	t.Parallel()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.AddEntries("l10nsubjects", "a")
	uid := s.MkDoc("/default-domain/workspaces/f", "File", obj{
		"dc:title":     "Film",
		"dc:subjects":  []string{"a"},
		"file:content": Blob{Name: "x.mov"},
	})

	n := s.repo.resolve(uid)
	m := matching{server: s, user: system, previous: n, current: n, change: change{source: "frameio"}}
	for text, want := range map[string]bool{
		`#{currentDocument.contextData.source == "frameio"}`:                                true,
		`#{currentDocument.contextData['source'] eq 'frameio'}`:                             true,
		`#{currentDocument.contextData.source != "frameio"}`:                                false,
		`#{currentDocument.contextData.other == null}`:                                      true,
		`#{currentDocument.contextData.other.deeper == null}`:                               true,
		`currentDocument.getContextData("source") == "frameio"`:                             true,
		`#{not empty currentDocument.contextData.source && currentDocument.type == 'File'}`: true,
		`#{empty currentDocument.contextData.other or false}`:                               true,
		`#{!(currentDocument.dc.title == "Film")}`:                                          false,
		`#{currentDocument.dc.title == previousDocument.dc.title}`:                          true,
		`#{currentDocument.dc.subjects[0] == 'a'}`:                                          true,
		`#{currentDocument.file.content.name == 'x.mov'}`:                                   true,
		`#{currentDocument.hasFacet('Versionable') and !currentDocument.hasSchema("note")}`: true,
		`#{currentDocument.getPropertyValue('dc:title') == 'Film'}`:                         true,
		`#{currentUser.name == 'Administrator' ? true : false}`:                             true,
		`#{1 + 2 * 3 == 7 && 7 % 4 >= 3 && -1 < 0}`:                                         true,
		`#{currentDocument == previousDocument}`:                                            true,
		`#{currentDocument == currentUser}`:                                                 false,
	} {
		e, err := parseCondition(text)
		if err != nil {
			t.Errorf("parsing %s: %v", text, err)
			continue
		}
		got, err := scope{dialect: dialectEL, vars: m.vars()}.eval(e)
		if err != nil || truth(got) != want {
			t.Errorf("%s: %v, %v, want %v", text, got, err, want)
		}
	}

	for _, bad := range []string{"", "#{}", "a ==", "(a", "a b", "'x", "a[1", "a.", "#{a ? b}", "a ^ b"} {
		if _, err := parseCondition(bad); err == nil {
			t.Errorf("%q is accepted, want an error", bad)
		}
	}
}

func TestFreeMarker(t *testing.T) {
	t.Parallel()
	vars := obj{
		"name": "A & <b>",
		"n":    3.0,
		"list": []any{"x", "y"},
		"none": []any{},
		"yes":  true,
		"m":    obj{"k": obj{"z": "deep"}},
		"docs": []any{obj{"t": "1"}, obj{"t": "2"}},
	}

	for text, want := range map[string]string{
		"plain $ { } <b>":      "plain $ { } <b>",
		"${name}":              "A & <b>",
		"${name?html}":         "A &amp; &lt;b&gt;",
		"${m.k.z} ${m['k'].z}": "deep deep",
		"${missing!}|${missing!'d'}|${(m.x.y)!\"e\"}":                          "|d|e",
		"${list?size} ${name?length} ${n + 1} ${list[1]} ${name?upper_case}":   "2 7 4 y A & <B>",
		"<#if n == 3>a<#else>b</#if>":                                          "a",
		"<#if n gt 3>a<#elseif n gte 3>c<#else>b</#if>":                        "c",
		"<#if n lt 3>a<#elseif yes && !yes>c<#else>b</#if>":                    "b",
		"<#if (n > 2)>a</#if>":                                                 "a",
		"<#if missing??>a<#else>b</#if><#if name??>c</#if>":                    "bc",
		"<#if name != 'x' && list?has_content>a</#if>":                         "a",
		"<#list list as x>${x}<#if x_has_next>,</#if></#list>":                 "x,y",
		"<#list none as x>${x}</#list>":                                        "",
		"<#list docs as d>${d_index}:${d.t} </#list>":                          "0:1 1:2 ",
		"<#escape x as x?html>${name}<#noescape>${name}</#noescape></#escape>": "A &amp; &lt;b&gt;A & <b>",
		"a<#-- ${gone} -->b":                                                   "ab",
		"<#assign q = n * 2>${q}":                                              "6",
		"${'}'}${\"a\" + n}":                                                   "}a3",
	} {
		got, err := renderText(text, vars)
		if err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestFreeMarkerErrors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"${missing}", "${m.x}", "${missing.x!'d'}", "<#if missing>a</#if>", "${missing?html}",
		"<#list missing as x></#list>",
	} {
		if _, err := renderText(text, obj{"m": obj{}}); !errors.Is(err, errUndefined) && err == nil {
			t.Errorf("%s: no error, want one for what is not defined", text)
		}
	}

	for _, text := range []string{
		"${", "${}", "${a b}", "<#if a>", "<#list a></#list>", "</#if>", "<#nothing>",
		"<#else>", "<#-- x", "<#if a></#list>", "${yes}", "${list}",
	} {
		if got, err := renderText(text, obj{"a": true, "yes": true, "list": []any{}}); err == nil {
			t.Errorf("%s: no error but %q, want an error", text, got)
		}
	}
}

func FuzzFreeMarker(f *testing.F) {
	for _, seed := range []string{
		"${a!'b'}", "<#if a??>x<#elseif b>y<#else>z</#if>", "<#list l as x>${x?html}</#list>",
		"<#escape x as x?html>${a}</#escape>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		_, _ = renderText(text, obj{"a": "1", "l": []any{"x"}}) // must end and not panic
	})
}

func FuzzEL(f *testing.F) {
	for _, seed := range []string{`#{a.b == "c"}`, "not empty a && b[1] >= 2", "a ? b : c", "f(1, 'x').y"} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		if e, err := parseCondition(text); err == nil {
			_, _ = scope{dialect: dialectEL, vars: obj{"a": obj{"b": "c"}}}.eval(e)
		}
	})
}

func FuzzNXQL(f *testing.F) {
	for _, seed := range []string{
		"SELECT * FROM File WHERE dc:title = 'x' AND NOT (ecm:isVersion = 1 OR dc:created > TIMESTAMP '2020-01-01') " +
			"ORDER BY dc:title DESC", "SELECT * FROM A, B WHERE x:y/* LIKE '%_'",
	} {
		f.Add(seed)
	}

	s, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}

	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(_ *testing.T, text string) {
		if q, err := parseNXQL(text); err == nil {
			_, _ = s.run(q, system)
		}
	})
}
