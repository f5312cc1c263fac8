package main

import "strings"

// named is a pattern of go test for tests with these names; one with a slash names a test in a test.
func named(tests ...string) string { return "^" + strings.Join(tests, "$|^") + "$" }

// byFile are tests that are about SQLite's file, and have nothing to do on PostgreSQL.
var byFile = named(
	"TestRestoreAndRebuild", "TestRestoreWithoutRebuild", "TestMoveToPostgres", "TestPowerCut",
	"TestDamagedDatabaseIsRefused", "TestForeignFileIsRefused", "TestAFileThatIsTakenAwayIsNoticed",
	"TestStatements.*", "TestLogStaysShort", "TestKeeperHoldsNobodyUp",
)

// sweeps are the tests that let every write and commit of a scene go wrong.
var sweeps = named("TestEveryRemoteWriteMayGoWrong", "TestEveryCommitMayBeTheLast", "TestAFetchMayGoWrongAnywhere")

// scenesOnce are scenes that PostgreSQL sees with `make test-all` only. What they are about is the same wherever
// things are stored, and the statements that they give SQLite are prepared on PostgreSQL all the same.
var scenesOnce = named(
	// Sweeps beyond three.
	"TestAFetchMayGoWrongAnywhere", "TestRetryAfterEveryRefusal",

	// Networks, bytes and addresses.
	"TestErrorPagesAreNoContent", "TestShortBodiesAreNoticed", "TestSilenceIsNoticed", "TestSizesAroundParts",
	"TestSlowLinksAreNoFault", "TestLongTransfers", "TestPartsThatArrivedStay", "TestBandwidthIsKept",
	"TestResetsAndLatencyOnEveryLeg", "TestRetryAfterIsObeyed", "TestStormsPass", "TestFilesComeFromAllowedHosts",
	"TestPrivateAddressesAreRefused", "TestDamageIsNoticedAndUndone", "TestCallsOfAPublish", "TestCallsWithoutADigest",

	// How Frame.io fetches.
	"TestWhatCannotBeFetchedGoesThroughUs", "TestFrameioFetchesFromTheStore", "TestFrameioFetchesRenditions",
	"TestNothingIsFetchedUnlessAllowed", "TestWhatIsNotTriedByAddress", "TestContentChangesBeforeItIsFetched",
	"TestAnothersFileIsNotTakenForALostOne", "TestAddressesOfTheStoreStaySecret", "TestRenditionsConformToTheMaster",

	// What Frame.io or Nuxeo says, and in which words it is told.
	"TestNamesComeThroughOrAreCleaned", "TestHostileTextStaysText", "TestHostileNamesInReasons",
	"TestFieldsByOtherNames",
	"TestForgedCallsChangeNothingAndTellNothing", "TestReasonsWhyAnAssetDoesNotArrive", "TestWaysOfMail",
	"TestColdStorageIsLeftAlone", "TestOtherDigestsAreNoOtherContent", "TestOtherDigestsAreNoConflict",
	"TestOddCommentsArrive", "TestOneUnreadableComment", "TestEmojiInNamesAreNoRenaming", "TestUnknownStatus",
	"TestAPublishedFolderWithOddEntries", "TestBlobsFromAnObjectStore", "TestWhatCannotBeRead.*",

	// Many of what others do with a few.
	"TestFiftyRemarksByTwoPeopleMakeNoVersion", "TestAHundredMixedItems", "TestDeepFoldersMakeRoom",
	"TestBulk",
)

// webOnce are the tests of the web that PostgreSQL sees with `make test-all` only, likewise.
var webOnce = named(
	// Bounds of requests and answers.
	"TestAnswersAreBounded", "TestBodiesThatComeInAreBounded", "TestMemoryAndGoroutines",
	"TestARequestTakesLittleMemory",
	"TestAHeadTakesLittleMemory", "TestSlowReader", "TestBodiesAreBounded", "TestWhatAStrangerSendsIsNotRead",
	"TestReceiver.*", "TestReportsOfBrowsers",

	// Pages, headers and origins.
	"TestBelowNuxeosAddress", "TestPagesOfNuxeoUseTheInterface", "TestCookies.*", "TestNobodyElseUsesTheInterface",
	"TestRefusalsAreShownAsText", "TestWritesOfOtherSitesChangeNothing", "TestHeadersOfEveryPage",
	"TestReturnPathsStayHere", "TestPages", "TestShellIsTheSameForEverybody", "TestBundleIsSentOnce",
	"TestWithoutElements", "TestConsoleShowsJobsToAdministrators",

	// What Nuxeo and Frame.io have.
	"TestFolderByItself", "TestWayToAFolderShowsWhatOneMaySee", "TestFolders.*", "TestProxyOfFrameio",
	"TestWhatNuxeoHas", "TestWhyThereIsNothingBetter", "TestOlderFileFromNuxeo", "TestKindsOfMedia",
	"TestRenditionsOfNuxeo", "TestClosedSubFoldersStayClosed", "TestRightsOfAPageAreAskedForOnce",

	// The same promise with other credentials, and more of the same.
	"TestNoSecretIsSeen/with_the_JWT_secret", "TestAListingIsPushedWhole",
)
