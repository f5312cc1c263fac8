package nuxeosim

import (
	"slices"
	"strings"
)

// signatures say of each operation what GET /automation tells: id, aliases, category, what
// goes in and comes out in turn, what it does in our words, and its parameters as
// name:type, with ! when required, @ and a widget, = and values.
var signatures = [][6]string{
	{
		"Audit.QueryWithPageProvider", "Audit.PageProvider", "Fetch", "void paginable", "reads the audit log",
		`currentPageIndex:integer language:string@Option=NXQL namedQueryParams:properties pageSize:integer
			providerName:string query:string queryParams:stringlist sortBy:string
			sortOrder:string@Option=ASC,DESC`,
	},
	{
		"Blob.AttachOnDocument", "Blob.Attach", "Files", "bloblist bloblist blob blob", "puts a file on a document",
		`document:document! save:boolean=true xpath:string=file:content`,
	},
	{
		"Blob.RemoveFromDocument", "Blob.Remove", "Files", "document document documents documents", "takes a file off",
		`save:boolean=true xpath:string=file:content`,
	},
	{
		"Document.AddFacet", "Document.AddFacet", "Document", "document document documents documents", "adds a facet",
		`facet:string! save:boolean=true`,
	},
	{
		"Document.AddPermission", "Document.AddACL", "Document", "document document documents documents",
		"grants a permission",
		`permission:string! acl:string=local begin:date blockInheritance:boolean comment:string email:string
			end:date notify:boolean username:string users:stringlist`,
	},
	{
		"Document.AddToFavorites", "Collection.AddToFavorites", "Document", "document document documents documents",
		"marks as a favorite", ``,
	},
	{
		"Document.BlockPermissionInheritance", "", "Document", "document document documents documents",
		"cuts off what is inherited",
		`acl:string=local`,
	},
	{
		"Document.CheckIn", "", "Document", "document document documents documents", "makes a version",
		`version:string!=none,minor,major comment:string versionVarName:string`,
	},
	{"Document.CheckOut", "", "Document", "document document documents documents", "makes it a working copy", ``},
	{
		"Document.Create", "", "Document", "document document documents documents", "makes a document in the folder",
		`type:string! name:string properties:properties`,
	},
	{
		"Document.CreateVersion", "", "Document", "document document documents documents", "saves with a new version",
		`increment:string@Option=None,Minor,Major saveDocument:boolean@Check`,
	},
	{"Document.Delete", "", "Document", "document document documents documents", "deletes for good", ``},
	{
		"Document.FollowLifecycleTransition", "Document.SetLifeCycle", "Document",
		"document document documents documents", "follows a transition of the life cycle", `value:string!`,
	},
	{
		"Document.GetBlob", "Blob.Get", "Files", "document blob documents bloblist", "gives the file",
		`xpath:string=file:content`,
	},
	{"Document.GetBlobs", "Blob.GetAll", "Files", "document bloblist documents bloblist", "gives all files", ``},
	{
		"Document.GetChild", "", "Document", "document document documents documents", "finds by name in a folder",
		`name:string!`,
	},
	{"Document.GetChildren", "", "Document", "document documents documents documents", "lists what is in a folder", ``},
	{
		"Document.GetLastVersion", "Document.GetLastVersion", "Document", "document document documents documents",
		"finds the newest version", ``,
	},
	{
		"Document.GetParent", "", "Document", "document document documents documents", "finds the folder",
		`type:string`,
	},
	{"Document.GetVersions", "", "Document", "document documents", "lists the versions", ``},
	{"Document.Lock", "", "Document", "document document documents documents", "locks for who asks", ``},
	{
		"Document.Mail", "Notification.SendMail", "Notification", "document document documents documents", "sends mail",
		`from:string! message:string!@MailTemplate subject:string! HTML:boolean=false
			Strict_User_Resolution:boolean bcc:stringlist cc:stringlist files:stringlist replyto:stringlist
			rollbackOnError:boolean=true to:stringlist viewId:string=view_documents`,
	},
	{
		"Document.Move", "", "Document", "document document documents documents", "moves to another folder",
		`target:document! name:string`,
	},
	{
		"Document.RemoveFacet", "Document.RemoveFacet", "Document", "document document documents documents",
		"takes a facet away",
		`facet:string! save:boolean=true`,
	},
	{
		"Document.RemoveFromFavorites", "Collection.RemoveFromFavorites", "Document",
		"document document documents documents", "is no favorite any more", ``,
	},
	{
		"Document.RemovePermission", "", "Document", "document document documents documents", "takes a permission back",
		`acl:string id:string user:string`,
	},
	{
		"Document.RestoreVersion", "", "Document", "document document", "brings a version back",
		`checkout:boolean=false createVersion:boolean=false`,
	},
	{
		"Document.SetProperty", "", "Document", "document document documents documents", "writes one property",
		`xpath:string! save:boolean=true value:serializable`,
	},
	{
		"Document.Subscribe", "", "Document", "document document documents documents", "subscribes who asks",
		`notifications:stringlist`,
	},
	{"Document.Trash", "", "Document", "document document documents documents", "puts into the trash", ``},
	{"Document.Unlock", "", "Document", "document document documents documents", "gives the lock back", ``},
	{
		"Document.Unsubscribe", "", "Document", "document document documents documents", "ends a subscription",
		`notifications:stringlist`,
	},
	{"Document.Untrash", "", "Document", "document document documents documents", "takes out of the trash", ``},
	{
		"Document.Update", "", "Document", "document document documents documents", "writes properties",
		`properties:properties! changeToken:string propertiesBehaviors:properties save:boolean=true`,
	},
	{
		"Event.Fire", "Notification.SendEvent", "Notification", "void void", "sends an event",
		`name:string! properties:properties`,
	},
	{"Favorite.Fetch", "", "Document", "void document", "finds the favorites of who asks", ``},
	{
		"FileManager.Import", "", "Services", "bloblist documents blob document", "makes documents of files",
		`noMimeTypeCheck:boolean overwite:boolean overwrite:boolean`,
	},
	{
		"Log", "LogOperation", "Notification", "void void", "writes to the log",
		`level:string!@Option=info,debug,warn,error message:string! category:string`,
	},
	{
		"Proxy.GetSourceDocument", "GetLiveDocument", "Document", "document document documents documents",
		"finds what a proxy shows", ``,
	},
	{
		"Repository.GetDocument", "Document.Fetch", "Fetch", "void document", "finds by path or id",
		`value:document!`,
	},
	{
		"Repository.Query", "Document.Query", "Fetch", "void documents", "finds by NXQL",
		`currentPageIndex:integer escapePatternParameters:boolean language:string@Option=NXQL
			maxResults:integer namedParameters:properties pageSize:integer query:string queryParams:stringlist
			quotePatternParameters:boolean sortBy:stringlist sortOrder:stringlist@Option=ASC,DESC`,
	},
	{
		"User.Get", "NuxeoPrincipal.Get", "Users & Groups", "void document", "tells who a user is",
		`login:string`,
	},
	{
		"User.GetUserWorkspace", "UserWorkspace.Get", "Users & Groups", "void document",
		"finds the workspace of who asks", ``,
	},
}

func operationJSON(id string) map[string]any {
	i := slices.IndexFunc(signatures, func(s [6]string) bool { return s[0] == canonical(id) })
	if i < 0 {
		return map[string]any{"id": id, "label": id, "params": []any{}, "signature": []any{}, "url": id}
	}

	s := signatures[i]
	params := []any{}
	for p := range strings.FieldsSeq(s[5]) {
		params = append(params, parameterJSON(p))
	}

	_, label, _ := strings.Cut(s[0], ".")
	m := map[string]any{
		"id": s[0], "label": label, "category": s[2], "requires": nil, "description": s[4], "url": s[0],
		"signature": strings.Fields(s[3]), "params": params,
	}
	if s[1] != "" {
		m["aliases"] = strings.Fields(s[1])
	}

	return m
}

func parameterJSON(text string) map[string]any {
	rest, values, hasValues := strings.Cut(text, "=")
	rest, widget, hasWidget := strings.Cut(rest, "@")
	rest, required := strings.CutSuffix(rest, "!")
	name, kind, _ := strings.Cut(rest, ":")
	m := map[string]any{
		"name": strings.ReplaceAll(name, "_", " "), "description": "", "type": kind, "required": required,
		"widget": nil, "order": 0, "values": []string{},
	}
	if hasWidget {
		m["widget"] = widget
	}

	if hasValues {
		m["values"] = strings.Split(values, ",")
	}

	return m
}
