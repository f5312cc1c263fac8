package nuxeosim

// baseSchemas are the schemas of the default distribution that documents of the
// base types carry, as "name prefix" and fields.
var baseSchemas = [][3]string{
	{"common", "common", "icon, icon-expanded, size:long"},
	{"dublincore", "dc", `title, description, subjects:string[], rights, source, coverage, created:date, modified:date,
		issued:date, valid:date, expired:date, format, language, creator, contributors:string[], lastContributor, nature, publisher`},
	{"uid", "uid", "uid, major_version:long, minor_version:long"},
	{"file", "file", "content:blob"},
	{"files", "files", "files[]{file:blob}"},
	{"note", "note", "note, mime_type"},
	{"picture", "picture", `views[]{title, description, content:blob, filename, height:long, width:long, tag,
		info{width:long, height:long, format, depth:long}}, info{width:long, height:long, format, depth:long, colorSpace}`},
	{
		"image_metadata", "imd",
		"image_description, user_comment, date_time_original:date, pixel_xdimension:long, pixel_ydimension:long",
	},
	{"iptc", "iptc", "source, byline, caption, keywords:string[]"},
	{
		"video", "vid",
		`info{duration:double, width:long, height:long, format, frameRate:double, streams[]{type, codec, streamInfo, bitRate:double}},
		storyboard[]{content:blob, comment, timecode:double}, transcodedVideos[]{name, content:blob,
		info{duration:double, width:long, height:long, format, frameRate:double}}`,
	},
	{"audio", "aud", "duration:double, bitrate:long"},
	{"thumbnail", "thumb", "thumbnail:blob"},
	{"publishing", "publish", "render, kind, sections:string[]"},
	{"domain", "domain", "display_type"},
	{"webcontainer", "webc", "theme, moderationType, url, email, name, template, isWebContainer:boolean"},
	{"facetedTag", "nxtag", "tags[]{label, username}"},
	{"relatedtext", "relatedtext", "relatedtextresources[]{relatedtextid, relatedtext}"},
	{"comment", "comment", "author, text, creationDate:date, modificationDate:date, parentId, ancestorIds:string[]"},
	{"annotation", "annotation", "xpath"},
	{"collection", "collection", "documentIds:string[]"},
	{"externalEntity", "externalEntity", "entityId, origin, entity"},
}

// baseFacets are the facets of the default distribution with their schemas.
var baseFacets = map[string][]string{
	"ColdStorage": nil, // of the add-on of that name
	"Folderish":   nil, "Orderable": nil, "Versionable": nil, "Downloadable": nil, "Publishable": nil,
	"Commentable": nil, "HiddenInNavigation": nil, "HiddenInCreation": nil, "SystemDocument": nil,
	"SuperSpace": nil, "NotCollectionMember": nil, "MasterPublishSpace": nil, "Immutable": nil,
	"Thumbnail": {"thumbnail"}, "NXTag": {"facetedTag"}, "HasRelatedText": {"relatedtext"},
	"Picture": {"picture", "image_metadata", "iptc"}, "Video": {"video", "picture"}, "Audio": {"audio"},
	"HasVideoPreview": nil, "HasStoryboard": nil, "ExternalEntity": {"externalEntity"},
	"Collection": {"collection"},
}

var inFolders = []string{"File", "Note", "Picture", "Video", "Audio", "Folder", "OrderedFolder"}

// baseDocTypes come with each parent before its children.
var baseDocTypes = []docType{
	{name: "Document", schemas: []string{"common", "dublincore"}},
	{name: "Folder", parent: "Document", facets: []string{"Folderish"}, allows: inFolders},
	{name: "OrderedFolder", parent: "Folder", facets: []string{"Orderable"}},
	{
		name:   "HiddenFolder",
		parent: "Folder",
		facets: []string{"HiddenInNavigation", "HiddenInCreation", "SystemDocument"},
	},
	{name: "CommentRoot", parent: "HiddenFolder"},
	{
		name:   "UserWorkspacesRoot",
		parent: "Document",
		facets: []string{"Folderish", "HiddenInNavigation", "SuperSpace"},
		allows: []string{"Workspace"},
	},
	{name: "Collection", parent: "Document", facets: []string{"Collection", "NotCollectionMember"}},
	{name: "Favorites", parent: "Collection"},
	{
		name:   "Root",
		parent: "Document",
		facets: []string{"Folderish", "NotCollectionMember", "HiddenInCreation"},
		allows: []string{"Domain"},
	},
	{
		name: "Domain", parent: "Document", schemas: []string{"domain", "publishing"},
		facets: []string{"Folderish", "SuperSpace", "NotCollectionMember"},
		allows: []string{"WorkspaceRoot"},
	},
	{
		name: "WorkspaceRoot", parent: "Document", schemas: []string{"publishing"},
		facets: []string{"Folderish", "SuperSpace", "NotCollectionMember", "HiddenInCreation"},
		allows: []string{"Workspace"},
	},
	{
		name: "Workspace", parent: "Document", schemas: []string{"webcontainer", "file", "files", "publishing"},
		facets: []string{"Folderish", "SuperSpace"},
		allows: append([]string{"Workspace"}, inFolders...),
	},
	{
		name: "File", parent: "Document", schemas: []string{"file", "uid", "files"},
		facets: []string{
			"Downloadable", "Versionable", "Publishable", "Commentable", "HasRelatedText",
			"NXTag", "Thumbnail",
		},
	},
	{
		name: "Note", parent: "Document", schemas: []string{"note", "uid", "files"},
		facets: []string{"Versionable", "Publishable", "Commentable", "HasRelatedText", "NXTag"},
	},
	{
		name: "Picture", parent: "Document", schemas: []string{"file", "uid", "files"},
		facets: []string{
			"Picture", "Downloadable", "Versionable", "Publishable", "Commentable",
			"HasRelatedText", "NXTag",
		},
	},
	{
		name: "Video", parent: "Document", schemas: []string{"file", "uid", "files"},
		facets: []string{
			"Video", "HasVideoPreview", "HasStoryboard", "Downloadable", "Versionable", "Publishable",
			"Commentable", "HasRelatedText", "NXTag",
		},
	},
	{
		name: "Audio", parent: "Document", schemas: []string{"file", "uid", "files"},
		facets: []string{
			"Audio", "Downloadable", "Versionable", "Publishable", "Commentable",
			"HasRelatedText", "NXTag",
		},
	},
	{
		name: "Comment", parent: "Document", schemas: []string{"comment"},
		facets: []string{"Commentable", "HiddenInNavigation", "HiddenInCreation", "HasRelatedText"},
	},
	{name: "Annotation", parent: "Comment", schemas: []string{"annotation"}},
}

func baseTypes() *typeRegistry {
	t := newTypeRegistry()
	for _, b := range baseSchemas {
		t.addSchema(&schema{name: b[0], prefix: b[1], root: fieldType{kind: kindComplex, fields: parseFields(b[2])}})
	}

	for name, schemas := range baseFacets {
		t.facets[name] = schemas
	}

	for _, d := range baseDocTypes {
		t.addType(d)
	}

	return t
}

// seed makes the tree and the rights of a fresh server.
func (s *Server) seed() {
	s.repo.root.acl = []ace{
		{user: "Administrator", permission: "Everything", granted: true},
		{user: "members", permission: "Read", granted: true},
	}
	s.MkDoc("/default-domain", "Domain", map[string]any{"dc:title": "Domain"})
	s.MkDoc("/default-domain/workspaces", "WorkspaceRoot", map[string]any{"dc:title": "Workspaces"})
	s.audit = nil
}
