package demo

// tasks are the words of the guide, in the order of progress.
func (s *Stage) tasks() []Task {
	films, _ := s.Nuxeo.Doc(s.at.folder)
	nuxeo := TaskLink{"Open the folder Films in Nuxeo", s.NuxeoURL + "/ui/#!/doc/" + films.UID}
	frameio := TaskLink{"Open the project in Frame.io", s.FrameioURL + "/projects/" + s.seed.root}
	draftDoc, _ := s.Nuxeo.Doc(s.at.draft)
	trailer := TaskLink{"Open Trailer draft in Nuxeo", s.NuxeoURL + "/ui/#!/doc/" + draftDoc.UID}
	mirrorDoc, _ := s.Nuxeo.Doc(s.at.mirror)
	trailers := TaskLink{"Open the folder Trailers in Nuxeo", s.NuxeoURL + "/ui/#!/doc/" + mirrorDoc.UID}
	extras := TaskLink{"Open the folder Extras in Frame.io", s.FrameioURL + "/projects/" + s.seed.extras}
	document := TaskLink{"Open the folder Films in Nuxeo", nuxeo.URL}
	if d, ok := s.Nuxeo.Doc(s.at.folder + "/Teaser"); ok {
		document = TaskLink{"Open the document Teaser in Nuxeo", s.NuxeoURL + "/ui/#!/doc/" + d.UID + "?p=frameio"}
	}

	return []Task{
		{
			Name: "sign-in", Title: "Sign in to Nuxeo", Links: []TaskLink{nuxeo},
			Do:     []string{"Open Nuxeo and sign in as josh with the password josh."},
			Expect: "The folder Films, with a folder of drafts in it.",
		},
		{
			Name: "connect", Title: "Connect Frame.io", Links: []TaskLink{nuxeo},
			Do: []string{
				"Among the actions of the folder, top right or in the menu (⋮), choose the waves: \"Bind to " +
					"Frame.io\".", "Unless you have connected Frame.io before, a window opens. Choose Josh " +
					"Editor in it.",
			},
			Expect: "The window closes, and what you began goes on: the dialog \"Bind this folder to your Frame IO " +
				"projects\".",
		},
		{
			Name: "bind", Title: "Bind the folder", Links: []TaskLink{nuxeo},
			Do: []string{
				"Name the action \"Publish to Nuxeo\".", "Select the team Post production.",
				"Press Validate.",
			},
			Expect: "The tab \"Frame IO\" of the folder shows the binding.",
		},
		{
			Name: "publish", Title: "Publish from Frame.io", Links: []TaskLink{frameio},
			Do: []string{
				"Select Teaser.mp4, Making of.mov and the folder Extras.",
				"In Actions choose \"Publish to Nuxeo\".",
			},
			Expect: "\"Success — 3 assets pushed to Nuxeo.\"",
		},
		{
			Name: "arrive", Title: "See them arrive",
			Links:  []TaskLink{nuxeo, {"Watch it in the connector", s.URL + "/activity"}},
			Do:     []string{"Look at the folder Films; the tab \"Frame IO\" shows the progress."},
			Expect: "Teaser, Making of and the folder Extras are documents.",
		},
		{
			Name: "review", Title: "Look at comments and drawings", Links: []TaskLink{document},
			Do:     []string{"Open the document Teaser, tab \"Frame IO\".", "Click on a time in the comments."},
			Expect: "The player goes to that frame and shows what was drawn there.",
		},
		{
			Name: "version", Title: "Publish a new version", Links: []TaskLink{frameio, document},
			Do: []string{
				"In Frame.io, select Teaser.mp4 and Teaser second cut.mp4 and press \"Stack as versions\".",
				"Select the stack and choose \"Publish to Nuxeo\" again.",
			},
			Expect: "The same document in Nuxeo, with a version more; its tab shows the comments of both.",
		},
		{
			Name: "mail", Title: "Read the mail", Links: []TaskLink{{"Open the mailbox", s.MailURL + "/"}},
			Do:     []string{"Look at what was sent to Josh."},
			Expect: "A mail says what arrived, with links to the documents.",
		},
		{
			Name: "push", Title: "Push a document for review", Links: []TaskLink{trailer},
			Do: []string{
				"Open the document Trailer draft in the folder Drafts.",
				"Among its actions, top right or in the menu (⋮), choose the paper plane: \"Push to Frame.io\".",
				"Press the button \"Push to Frame.io\" of the dialog.",
			},
			Expect: "\"Pushed to Frame.io\"; the document is locked, and its tab \"Frame IO\" says that it is under " +
				"review.",
		},
		{
			Name: "comment", Title: "Review it on Frame.io", Links: []TaskLink{frameio, trailer},
			Do:     []string{"Open Trailer draft.mov in Frame.io, write a comment, and set the status Approved."},
			Expect: "Both show in the document's tab in Nuxeo a moment later, while the review goes on.",
		},
		{
			Name: "return", Title: "Send it back", Links: []TaskLink{frameio, trailer},
			Do:     []string{"In Frame.io, select Trailer draft.mov and choose \"Publish to Nuxeo\"."},
			Expect: "The document has a new version and is unlocked.",
		},
		{
			Name: "sync", Title: "Mirror a folder", Links: []TaskLink{trailers},
			Do: []string{
				"Open the folder Trailers and choose the two arrows among its actions, top right or in the menu (⋮): " +
					"\"Sync to Frame.io folder\".",
				"Choose the project Autumn campaign and its folder Extras, and press Synchronize.",
			},
			Expect: "Poster and Jingle arrive; the tab \"Frame.io sync\" shows what is followed.",
		},
		{
			Name: "refresh", Title: "Follow what changes", Links: []TaskLink{extras, trailers},
			Do: []string{
				"In Frame.io, open the folder Extras, and upload a file or make a folder.",
				"In the tab \"Frame.io sync\" of Trailers press \"Refresh Synchronization\".",
			},
			Expect: "What is new is in Nuxeo; what was there already is neither fetched nor written again.",
		},
		{
			Name: "unbind", Title: "Unbind", Links: []TaskLink{nuxeo, frameio},
			Do:     []string{"In the folder's tab \"Frame IO\" press Unbind and confirm."},
			Expect: "The action is gone from Frame.io at once; the documents stay.",
		},
	}
}
