package frameiosim

import (
	"net/http"
	"slices"
)

// route is one operation of the API. The class is the contract's operation id
// and names the budget.
type route struct {
	method, path, class string
	budget              budget
	status              int
	do                  func(*Server, *call) (any, error)
}

const base = "/v4/accounts/{account_id}"

func apiRoutes() []route {
	return slices.Concat(treeRoutes(), fileRoutes(), otherRoutes(), workspaceRoutes(), webhookRoutes(), auditRoutes())
}

func treeRoutes() []route {
	return []route{
		{"GET", "/v4/me", "users.show", hundred, 200, (*Server).showMe},
		{"GET", "/v4/accounts", "accounts.index", hundred, 200, (*Server).listAccounts},
		{"GET", base + "/workspaces", "workspaces.index", hundred, 200, (*Server).listWorkspaces},
		{"GET", base + "/workspaces/{workspace_id}", "workspaces.show", hundred, 200, (*Server).showWorkspace},
		{"GET", base + "/workspaces/{workspace_id}/projects", "projects.index", hundred, 200, (*Server).listProjects},
		{"POST", base + "/workspaces/{workspace_id}/projects", "projects.create", ten, 201, (*Server).createProject},
		{"GET", base + "/projects", "account_projects.index", hundred, 200, (*Server).listAccountProjects},
		{"GET", base + "/invited_projects", "invited_projects.index", hundred, 200, (*Server).listInvitedProjects},
		{"GET", base + "/projects/{project_id}", "projects.show", hundred, 200, (*Server).showProject},
		{"PATCH", base + "/projects/{project_id}", "projects.update", ten, 200, (*Server).updateProject},
		{"DELETE", base + "/projects/{project_id}", "projects.delete", sixty, 204, (*Server).deleteProject},
		{"GET", base + "/folders/{folder_id}", "folders.show", hundred, 200, (*Server).showFolder},
		{"PATCH", base + "/folders/{folder_id}", "folders.update", ten, 200, (*Server).updateFolder},
		{"DELETE", base + "/folders/{folder_id}", "folders.delete", sixty, 204, (*Server).deleteFolder},
		{"PATCH", base + "/folders/{folder_id}/move", "folders.move", ten, 200, (*Server).moveFolder},
		{"GET", base + "/folders/{folder_id}/children", "folders.index", hundred, 200, (*Server).listChildren},
		{"GET", base + "/folders/{folder_id}/folders", "folders.list", fivePer, 200, (*Server).listFolders},
		{"POST", base + "/folders/{folder_id}/folders", "folders.create", threePer, 201, (*Server).createFolder},
		{"GET", base + "/folders/{folder_id}/files", "files.list", fivePer, 200, (*Server).listFiles},
		{
			"GET", base + "/folders/{folder_id}/version_stacks", "version_stacks.list", fivePer, 200,
			(*Server).listStacks,
		},
		{
			"POST", base + "/folders/{folder_id}/version_stacks", "version_stacks.create", ten, 201,
			(*Server).createStack,
		},
		{"GET", base + "/version_stacks/{version_stack_id}", "version_stacks.show", hundred, 200, (*Server).showStack},
		{
			"GET", base + "/version_stacks/{version_stack_id}/children", "version_stacks.index", hundred, 200,
			(*Server).listStackChildren,
		},
		{
			"PATCH", base + "/version_stacks/{version_stack_id}/move", "version_stacks.move", ten, 200,
			(*Server).moveStack,
		},
	}
}

func fileRoutes() []route {
	return []route{
		{
			"POST", base + "/folders/{folder_id}/files/local_upload", "files.create_local_upload", fivePer, 201,
			(*Server).createLocalUpload,
		},
		{
			"POST", base + "/folders/{folder_id}/files/remote_upload", "files.create_remote_upload", fivePer, 202,
			(*Server).createRemoteUpload,
		},
		{"GET", base + "/files/{file_id}", "files.show", tenPerSec, 200, (*Server).showFile},
		{"PATCH", base + "/files/{file_id}", "files.update", hundred, 200, (*Server).updateFile},
		{"DELETE", base + "/files/{file_id}", "files.delete", hundred, 204, (*Server).deleteFile},
		{"PATCH", base + "/files/{file_id}/move", "files.move", hundred, 200, (*Server).moveFile},
		{
			"GET", base + "/files/{file_id}/status", "files.show_file_upload_status", fivePer, 200,
			(*Server).showUploadStatus,
		},
		{"GET", base + "/files/{file_id}/metadata", "metadata.show", hundred, 200, (*Server).showMetadata},
		{"GET", base + "/files/{file_id}/comments", "comments.index", hundred, 200, (*Server).listComments},
		{"POST", base + "/files/{file_id}/comments", "comments.create", hundred, 201, (*Server).createComment},
		{"GET", base + "/comments/{comment_id}", "comments.show", hundred, 200, (*Server).showComment},
		{"PATCH", base + "/comments/{comment_id}", "comments.update", ten, 200, (*Server).updateComment},
		{"DELETE", base + "/comments/{comment_id}", "comments.delete", sixty, 204, (*Server).deleteComment},
	}
}

func otherRoutes() []route {
	return []route{
		{
			"GET", base + "/metadata/field_definitions", "metadata.field_definitions.index", hundred, 200,
			(*Server).listFields,
		},
		{
			"POST", base + "/metadata/field_definitions", "metadata.field_definitions.create", ten, 201,
			(*Server).createField,
		},
		{
			"PATCH", base + "/projects/{project_id}/metadata/values", "metadata.bulk_update", ten, 204,
			(*Server).updateMetadata,
		},
		{"GET", base + "/users", "account_user_roles.index", hundred, 200, (*Server).listAccountUsers},
		{
			"GET", base + "/workspaces/{workspace_id}/users", "workspace_user_roles.index", hundred, 200,
			(*Server).listWorkspaceUsers,
		},
		{
			"GET", base + "/projects/{project_id}/users", "project_user_roles.index", hundred, 200,
			(*Server).listProjectUsers,
		},
		{
			"GET", base + "/folders/{folder_id}/users", "folder_user_roles.index", hundred, 200,
			(*Server).listFolderUsers,
		},
		{"GET", base + "/workspaces/{workspace_id}/actions", "actions.index", hundred, 200, (*Server).listActions},
		{"POST", base + "/workspaces/{workspace_id}/actions", "actions.create", ten, 201, (*Server).createAction},
		{"GET", base + "/actions/{action_id}", "actions.show", hundred, 200, (*Server).showAction},
		{"PATCH", base + "/actions/{action_id}", "actions.update", ten, 200, (*Server).updateAction},
		{"DELETE", base + "/actions/{action_id}", "actions.delete", sixty, 204, (*Server).deleteAction},
	}
}

func (s *Server) mountAPI(mux *http.ServeMux) {
	for _, r := range slices.Concat(apiRoutes(), laterRoutes()) {
		mux.HandleFunc(r.method+" "+r.path, func(w http.ResponseWriter, req *http.Request) { s.serveAPI(w, req, r) })
	}

	unknown := route{class: "unknown", budget: hundred, do: func(_ *Server, c *call) (any, error) {
		return nil, &apiError{
			status: http.StatusNotFound,
			detail: "no route found for " + c.r.Method + " " + c.r.URL.Path,
		}
	}}

	mux.HandleFunc("/v4/", func(w http.ResponseWriter, req *http.Request) { s.serveAPI(w, req, unknown) })
}
