package api

import "context"

type ctx = context.Context

// Operations are the operations of the description, by the names that they have there. Their arguments are what is in
// the path, what is in the query, where nil is nothing, and the body; what they answer is nil with an error. Not among
// them are "events", a stream, and "makeSupport", a file: Client.Open opens them.
type Operations struct {
	About                   func(ctx) (*About, error)
	ListAudit               func(ctx, *ListAuditParams) (*ListAudit200JSONResponse, error)
	VerifyAudit             func(ctx) (*VerifyAudit200JSONResponse, error)
	ListBatches             func(ctx, *ListBatchesParams) (*ListBatches200JSONResponse, error)
	CancelBatch             func(ctx, Id) (*Changed, error)
	RetryBatch              func(ctx, Id) (*Changed, error)
	ListBindings            func(ctx, *ListBindingsParams) (*ListBindings200JSONResponse, error)
	Bind                    func(ctx, BindJSONRequestBody) (*Binding, error)
	Unbind                  func(ctx, Id, *UnbindParams) (*Item, error)
	GetBinding              func(ctx, Id) (*Binding, error)
	EditBinding             func(ctx, Id, BindingChange) (*Binding, error)
	PreviewBinding          func(ctx, Id, BindingChange) (*PreviewBinding200JSONResponse, error)
	TakeOver                func(ctx, Id) (*Binding, error)
	ListChannels            func(ctx, Id) (*ListChannels200JSONResponse, error)
	AddChannel              func(ctx, Id, ChannelForm) (*ChannelSaved, error)
	ChangeChannel           func(ctx, Id, ChannelId, ChannelChange) (*ChannelSaved, error)
	RemoveChannel           func(ctx, Id, ChannelId) error
	TestChannel             func(ctx, Id, ChannelId) (*Delivery, error)
	ListDeliveries          func(ctx, Id, ChannelId, *ListDeliveriesParams) (*ListDeliveries200JSONResponse, error)
	RetryDelivery           func(ctx, Id, ChannelId, string) (*Delivery, error)
	DoChore                 func(ctx, string) (*Chore, error)
	RunDoctor               func(ctx) (*RunDoctor200JSONResponse, error)
	GetDocument             func(ctx, Uid) (*DocumentDetail, error)
	TestMap                 func(ctx, Uid) (*MapTest, error)
	OpenMedia               func(ctx, Uid, *OpenMediaParams) (*Media, error)
	PushTargets             func(ctx, Uid) (*PushTargets, error)
	Explain                 func(ctx, *ExplainParams) (*Explain200JSONResponse, error)
	ListFolders             func(ctx, *ListFoldersParams) (*ListFolders200JSONResponse, error)
	GetFolder               func(ctx, Uid) (*FolderDetail, error)
	ListDocuments           func(ctx, Uid, *ListDocumentsParams) (*ListDocuments200JSONResponse, error)
	ListFrameioFolders      func(ctx, Account, Id) (*ListFrameioFolders200JSONResponse, error)
	CreateFrameioFolder     func(ctx, Account, Id, CreateFrameioFolderJSONRequestBody) (*FrameioFolder, error)
	ListProjects            func(ctx, Account, Id) (*ListProjects200JSONResponse, error)
	ListItems               func(ctx, *ListItemsParams) (*ListItems200JSONResponse, error)
	CancelItems             func(ctx, ItemSelection) (*Changed, error)
	RetryItems              func(ctx, ItemSelection) (*Changed, error)
	GetItem                 func(ctx, Id) (*Item, error)
	CancelItem              func(ctx, Id) (*Item, error)
	RetryItem               func(ctx, Id) (*Item, error)
	RebuildLinks            func(ctx) (*RebuildLinks202JSONResponse, error)
	ListLocks               func(ctx, *ListLocksParams) (*PushList, error)
	ReleaseLock             func(ctx, Id, ReleaseLockJSONRequestBody) (*Push, error)
	GetLogLevel             func(ctx) (*LogLevel, error)
	SetLogLevel             func(ctx, SetLogLevelJSONRequestBody) (*LogLevel, error)
	ListMap                 func(ctx) (*ListMap200JSONResponse, error)
	SetMapRow               func(ctx, MapRowForm) (*MapRow, error)
	ListMapFields           func(ctx) (*ListMapFields200JSONResponse, error)
	RemoveMapRow            func(ctx, Id) error
	Me                      func(ctx) (*Person, error)
	Disconnect              func(ctx) error
	Resume                  func(ctx) (*Status, error)
	Pause                   func(ctx, PauseJSONRequestBody) (*Status, error)
	ListPeople              func(ctx) (*ListPeople200JSONResponse, error)
	Revoke                  func(ctx, string) (*Revoke200JSONResponse, error)
	Lift                    func(ctx, string, LiftJSONRequestBody) error
	DeleteProvider          func(ctx) error
	GetProvider             func(ctx) (*Provider, error)
	SaveProvider            func(ctx, ProviderForm) (*Provider, error)
	ImportProvider          func(ctx) (*Provider, error)
	DeleteServiceCredential func(ctx) error
	GetServiceCredential    func(ctx) (*ServiceCredential, error)
	SaveServiceCredential   func(ctx, SaveServiceCredentialJSONRequestBody) (*ServiceCredential, error)
	Publish                 func(ctx, PublishJSONRequestBody) (*Publish202JSONResponse, error)
	ListPushes              func(ctx, *ListPushesParams) (*PushList, error)
	Push                    func(ctx, PushForm) (*Push202JSONResponse, error)
	PreviewPush             func(ctx, PushPreviewForm) (*PreviewPush200JSONResponse, error)
	PushTargetsOfAll        func(ctx, PushPreviewForm) (*PushTargets, error)
	GetPush                 func(ctx, Id) (*Push, error)
	SignOut                 func(ctx) error
	SignIn                  func(ctx, SignInJSONRequestBody) (*Session, error)
	Status                  func(ctx) (*Status, error)
	ListSyncs               func(ctx, *ListSyncsParams) (*ListSyncs200JSONResponse, error)
	AddSync                 func(ctx, SyncForm) (*Sync, error)
	PreviewSync             func(ctx, *PreviewSyncParams, SyncForm) (*PreviewSync200JSONResponse, error)
	RemoveSync              func(ctx, Id) error
	GetSync                 func(ctx, Id) (*Sync, error)
	EditSync                func(ctx, Id, SyncChange) (*Sync, error)
	PreviewSyncEdit         func(ctx, Id, *PreviewSyncEditParams, SyncChange) (*PreviewSyncEdit200JSONResponse, error)
	CheckSync               func(ctx, Id) (*Sync, error)
	ListSyncDifferences     func(ctx, Id, *ListSyncDifferencesParams) (*ListSyncDifferences200JSONResponse, error)
	ResumeSync              func(ctx, Id) (*Sync, error)
	PauseSync               func(ctx, Id) (*Sync, error)
	RefreshSync             func(ctx, Id, RefreshSyncJSONRequestBody) (*Sync, error)
	ListSyncRuns            func(ctx, Id) (*ListSyncRuns200JSONResponse, error)
	SettleSync              func(ctx, Id, SettleSyncJSONRequestBody) (*Sync, error)
	ListSyncTroubles        func(ctx, Id, *ListSyncTroublesParams) (*ListSyncTroubles200JSONResponse, error)
	ListWorkspaces          func(ctx) (*ListWorkspaces200JSONResponse, error)
}
