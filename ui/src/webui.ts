// What we add to Nuxeo Web UI: contributions to its slots. Web UI stamps a
// contribution once for each place and sets document and user by its bindings;
// the elements in it are ours and know nothing of the slots.
//
// Web UI's own elements are used by their tag names only, so nothing here
// depends on the version of Web UI or of what it is built with.

// Web UI decides what is shown to whom by nuxeo-filter: attributes are joined
// by "and", the values of one attribute by "or". Only what may work is offered;
// whether it really may is decided by the connector and by Nuxeo.
//
const all = (...terms: string[]): string => terms.join(" && ");
const unlinked = all("!this.hasFacet(document, 'FrameioSync')", "!this.hasFacet(document, 'FrameioBinding')");
const filled = all("document.properties", "document.properties['file:content']");
const writable = all(
  "!this.isTrashed(document)", "!document.isVersion", "!document.isProxy",
  "this.hasPermission(document, 'WriteProperties')",
);
const fillable = "this.hasPermission(document, 'AddChildren')";

// The orders put the binding and the synchronization after Nuxeo's own actions
// (export has 100), and the tabs right after View (10). What stands before each is its row
// in the table of the manual.
const contributions = `
<!-- on folders where the user may add children and write properties; not on synchronized ones, versions, proxies
     and what is in the trash -->
<nuxeo-slot-content name="nxf-bind" slot="DOCUMENT_ACTIONS" order="105">
  <template>
    <nuxeo-filter document="[[document]]" facet="Folderish"
      expression="!this.hasFacet(document, 'FrameioSync') && ${writable} && ${fillable}">
      <template>
        <nxf-bind-action document="[[document]]" user="[[user]]"></nxf-bind-action>
      </template>
    </nuxeo-filter>
  </template>
</nuxeo-slot-content>

<!-- likewise, on folders that are neither synchronized nor bound -->
<nuxeo-slot-content name="nxf-sync" slot="DOCUMENT_ACTIONS" order="106">
  <template>
    <nuxeo-filter document="[[document]]" facet="Folderish"
      expression="${unlinked} && ${writable} && ${fillable}">
      <template>
        <nxf-sync-action document="[[document]]"></nxf-sync-action>
      </template>
    </nuxeo-filter>
  </template>
</nuxeo-slot-content>

<!-- on documents with a file whose properties the user may write; not on folders, versions, proxies and what is in
     the trash -->
<nuxeo-slot-content name="nxf-push" slot="DOCUMENT_ACTIONS" order="107">
  <template>
    <nuxeo-filter document="[[document]]"
      expression="!this.hasFacet(document, 'Folderish') && ${filled} && ${writable}">
      <template>
        <nxf-push-action document="[[document]]"></nxf-push-action>
      </template>
    </nuxeo-filter>
  </template>
</nuxeo-slot-content>

<!-- on a selection of which the user may write something, and on all of a list; what cannot be pushed of it is named
     and skipped -->
<nuxeo-slot-content name="nxf-push-selection" slot="RESULTS_SELECTION_ACTIONS" order="35">
  <template>
    <nxf-push-action selection="[[selection]]"></nxf-push-action>
  </template>
</nuxeo-slot-content>

<!-- on folders with the facet FrameioBinding and documents with the facet FrameioAsset -->
<nuxeo-slot-content name="nxf-tab" slot="DOCUMENT_VIEWS_ITEMS" order="15">
  <template>
    <nuxeo-filter document="[[document]]"
      expression="this.hasFacet(document, this.hasFacet(document, 'Folderish') ? 'FrameioBinding' : 'FrameioAsset')">
      <template>
        <nuxeo-page-item name="frameio" label="frameio.tab"></nuxeo-page-item>
      </template>
    </nuxeo-filter>
  </template>
</nuxeo-slot-content>

<!-- with that tab, on folders -->
<nuxeo-slot-content name="nxf-folder-page" slot="DOCUMENT_VIEWS_PAGES" order="15">
  <template>
    <nuxeo-filter document="[[document]]" facet="FrameioBinding" expression="this.hasFacet(document, 'Folderish')">
      <template>
        <nxf-folder-tab name="frameio" document="[[document]]"></nxf-folder-tab>
      </template>
    </nuxeo-filter>
  </template>
</nuxeo-slot-content>

<!-- on documents with the facet FrameioSync -->
<nuxeo-slot-content name="nxf-sync-tab" slot="DOCUMENT_VIEWS_ITEMS" order="16">
  <template>
    <nuxeo-filter document="[[document]]" facet="FrameioSync">
      <template>
        <nuxeo-page-item name="frameio-sync" label="frameio.sync.tab"></nuxeo-page-item>
      </template>
    </nuxeo-filter>
  </template>
</nuxeo-slot-content>

<!-- with that tab -->
<nuxeo-slot-content name="nxf-sync-page" slot="DOCUMENT_VIEWS_PAGES" order="17">
  <template>
    <nuxeo-filter document="[[document]]" facet="FrameioSync">
      <template>
        <nxf-sync-tab name="frameio-sync" document="[[document]]"></nxf-sync-tab>
      </template>
    </nuxeo-filter>
  </template>
</nuxeo-slot-content>

<!-- with the tab of nxf-tab, on documents -->
<nuxeo-slot-content name="nxf-document-page" slot="DOCUMENT_VIEWS_PAGES" order="16">
  <template>
    <nuxeo-filter document="[[document]]" facet="FrameioAsset" expression="!this.hasFacet(document, 'Folderish')">
      <template>
        <nxf-document-tab name="frameio" document="[[document]]"></nxf-document-tab>
      </template>
    </nuxeo-filter>
  </template>
</nuxeo-slot-content>

<!-- at the address of a tab that a document does not have; leads to the document -->
<nuxeo-slot-content name="nxf-gone-page" slot="DOCUMENT_VIEWS_PAGES" order="18">
  <template>
    <nuxeo-filter document="[[document]]"
      expression="!this.hasFacet(document, this.hasFacet(document, 'Folderish') ? 'FrameioBinding' : 'FrameioAsset')">
      <template>
        <nxf-gone name="frameio" document="[[document]]"></nxf-gone>
      </template>
    </nuxeo-filter>
    <nuxeo-filter document="[[document]]" expression="!this.hasFacet(document, 'FrameioSync')">
      <template>
        <nxf-gone name="frameio-sync" document="[[document]]"></nxf-gone>
      </template>
    </nuxeo-filter>
  </template>
</nuxeo-slot-content>

<!-- to administrators -->
<nuxeo-slot-content name="nxf-administration-item" slot="ADMINISTRATION_MENU" order="110">
  <template>
    <nuxeo-filter user="[[user]]" expression="user && user.isAdministrator">
      <template>
        <nuxeo-menu-item name="frameio" label="frameio.administration" route="administration:frameio"></nuxeo-menu-item>
      </template>
    </nuxeo-filter>
  </template>
</nuxeo-slot-content>

<!-- to administrators -->
<nuxeo-slot-content name="nxf-administration-page" slot="ADMINISTRATION_PAGES" order="110">
  <template>
    <nuxeo-filter user="[[user]]" expression="user && user.isAdministrator">
      <template>
        <nxf-admin-page name="frameio"></nxf-admin-page>
      </template>
    </nuxeo-filter>
  </template>
</nuxeo-slot-content>
`;

/** Whether the page is Nuxeo Web UI, which has its configuration in place before it loads a bundle. */
export function inWebUI(): boolean {
  const nuxeo = (globalThis as { Nuxeo?: { UI?: unknown } }).Nuxeo;
  return nuxeo?.UI !== undefined || customElements.get("nuxeo-slot-content") !== undefined;
}

// The connector knows the documents of Nuxeo's default repository. Web UI has a page for
// each, and its configuration names them.
function ofDefaultRepository(): boolean {
  const nuxeo = (globalThis as { Nuxeo?: { UI?: { repositories?: { name: string; isDefault?: boolean }[] } } }).Nuxeo;
  const shown = document.querySelector("nuxeo-connection")?.getAttribute("repository-name");
  const named = nuxeo?.UI?.repositories?.find((r) => r.isDefault)?.name;
  return !shown || !named || shown === named;
}

/** Contributes to the slots of Web UI, once for a page however often it is called. */
export function contribute(): void {
  if (!ofDefaultRepository() || document.head.querySelector('nuxeo-slot-content[name="nxf-bind"]')) return;
  const parsed = document.createElement("template");
  parsed.innerHTML = contributions;
  document.head.append(document.importNode(parsed.content, true));
}
