// What Nuxeo itself has in the slots, by the orders of Web UI, so that a
// contribution finds its place between.
const parsed = document.createElement("template");
parsed.innerHTML = `
<nuxeo-slot-content name="simDelete" slot="DOCUMENT_ACTIONS" order="15"><template>
  <nuxeo-delete-document-button document="[[document]]"></nuxeo-delete-document-button>
</template></nuxeo-slot-content>
<nuxeo-slot-content name="simFavorite" slot="DOCUMENT_ACTIONS" order="30"><template>
  <nuxeo-favorites-toggle-button document="[[document]]"></nuxeo-favorites-toggle-button>
</template></nuxeo-slot-content>
<nuxeo-slot-content name="simShare" slot="DOCUMENT_ACTIONS" order="40"><template>
  <nuxeo-share-button document="[[document]]"></nuxeo-share-button>
</template></nuxeo-slot-content>
<nuxeo-slot-content name="simNotify" slot="DOCUMENT_ACTIONS" order="50"><template>
  <nuxeo-notifications-toggle-button document="[[document]]"></nuxeo-notifications-toggle-button>
</template></nuxeo-slot-content>
<nuxeo-slot-content name="simLock" slot="DOCUMENT_ACTIONS" order="70"><template>
  <nuxeo-filter document="[[document]]" expression="!this.hasFacet(document, 'Folderish')"><template>
    <nuxeo-lock-toggle-button document="[[document]]"></nuxeo-lock-toggle-button>
  </template></nuxeo-filter>
</template></nuxeo-slot-content>
<nuxeo-slot-content name="simExport" slot="DOCUMENT_ACTIONS" order="100"><template>
  <nuxeo-export-button document="[[document]]"></nuxeo-export-button>
</template></nuxeo-slot-content>

<nuxeo-slot-content name="simViewItem" slot="DOCUMENT_VIEWS_ITEMS" order="10"><template>
  <nuxeo-page-item name="view" label="browser.view"></nuxeo-page-item>
</template></nuxeo-slot-content>
<nuxeo-slot-content name="simPermissionsItem" slot="DOCUMENT_VIEWS_ITEMS" order="20"><template>
  <nuxeo-page-item name="permissions" label="browser.permissions"></nuxeo-page-item>
</template></nuxeo-slot-content>
<nuxeo-slot-content name="simHistoryItem" slot="DOCUMENT_VIEWS_ITEMS" order="30"><template>
  <nuxeo-filter document="[[document]]" facet="Versionable"><template>
    <nuxeo-page-item name="history" label="browser.history"></nuxeo-page-item>
  </template></nuxeo-filter>
</template></nuxeo-slot-content>

<nuxeo-slot-content name="simFolderPage" slot="DOCUMENT_VIEWS_PAGES" order="10"><template>
  <nuxeo-filter document="[[document]]" facet="Folderish"><template>
    <sim-folder name="view" document="[[document]]" user="[[user]]"></sim-folder>
  </template></nuxeo-filter>
</template></nuxeo-slot-content>
<nuxeo-slot-content name="simDocumentPage" slot="DOCUMENT_VIEWS_PAGES" order="11"><template>
  <nuxeo-filter document="[[document]]" expression="!this.hasFacet(document, 'Folderish')"><template>
    <sim-document name="view" document="[[document]]"></sim-document>
  </template></nuxeo-filter>
</template></nuxeo-slot-content>
<nuxeo-slot-content name="simPermissionsPage" slot="DOCUMENT_VIEWS_PAGES" order="20"><template>
  <sim-permissions name="permissions" document="[[document]]"></sim-permissions>
</template></nuxeo-slot-content>
<nuxeo-slot-content name="simHistoryPage" slot="DOCUMENT_VIEWS_PAGES" order="30"><template>
  <nuxeo-filter document="[[document]]" facet="Versionable"><template>
    <sim-history name="history" document="[[document]]"></sim-history>
  </template></nuxeo-filter>
</template></nuxeo-slot-content>

<nuxeo-slot-content name="simCloudItem" slot="ADMINISTRATION_MENU" order="40"><template>
  <nuxeo-menu-item name="cloud-services" label="admin.cloudServices"
    route="administration:cloud-services"></nuxeo-menu-item>
</template></nuxeo-slot-content>
<nuxeo-slot-content name="simCloudPage" slot="ADMINISTRATION_PAGES" order="40"><template>
  <sim-cloud-services name="cloud-services"></sim-cloud-services>
</template></nuxeo-slot-content>
`;
document.head.append(document.importNode(parsed.content, true));
