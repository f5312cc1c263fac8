// What there is to see of a document: its content, its metadata, and what was
// said about it.
import { html } from "@polymer/polymer/lib/utils/html-tag.js";
import "@polymer/polymer/lib/elements/dom-if.js";
import "@polymer/polymer/lib/elements/dom-repeat.js";
import { Element, fetched } from "./nuxeo.js";
import { shared } from "./common.js";

class DocumentView extends Element {
  static get is() {
    return "sim-document";
  }
  static get properties() {
    return {
      document: { type: Object, observer: "_load" },
      blob: { type: Object, computed: "_blob(document)" },
      kind: { type: String, computed: "_kind(blob)" },
      comments: { type: Array, value: () => [] },
    };
  }
  static get template() {
    return html`${shared}<style>
        .columns {
          display: grid; grid-template-columns: minmax(0, 1fr) minmax(16rem, 22rem); gap: 16px; align-items: start;
        }
        @media (max-width: 900px) { .columns { grid-template-columns: minmax(0, 1fr); gap: 0; } }
        img, video { display: block; max-width: 100%; max-height: 60vh; margin: 0 auto 14px; background: #0002; }
        audio { width: 100%; margin-bottom: 14px; }
        .file { display: flex; flex-wrap: wrap; gap: 4px 14px; align-items: baseline; }
        .comment { border-left: 3px solid var(--nuxeo-border); padding: 2px 0 2px 12px; margin-top: 12px; }
        .comment p { white-space: pre-wrap; overflow-wrap: anywhere; }
      </style>
      <div class="columns">
        <div>
          <section class="box" aria-label$="[[i18n('browser.content')]]">
            <dom-if if="[[_is(kind, 'image')]]">
              <template><img src$="[[blob.data]]" alt$="[[document.title]]"></template></dom-if>
            <dom-if if="[[_is(kind, 'video')]]">
              <template><video src$="[[blob.data]]" controls preload="metadata"></video></template></dom-if>
            <dom-if if="[[_is(kind, 'audio')]]">
              <template><audio src$="[[blob.data]]" controls preload="metadata"></audio></template></dom-if>
            <div class="file" hidden="[[!blob]]"><a href$="[[blob.data]]" download$="[[blob.name]]">[[blob.name]]</a>
              <span class="soft">[[_size(blob)]]</span><span class="soft">[[blob.mime-type]]</span></div>
            <p class="soft" hidden="[[blob]]">[[i18n('browser.noContent')]]</p>
          </section>
          <section class="box">
            <h2>[[i18n('browser.comments')]] <span class="soft">[[_count(comments.length)]]</span></h2>
            <dom-repeat items="[[comments]]"><template>
              <div class="comment" style$="margin-left: [[_indent(item.depth)]]">
                <div class="soft"><strong>[[item.author]]</strong>
                  · [[formatDateTime(item.creationDate, 'lll')]]
                  <span class="tag" hidden="[[!item.annotation]]">[[i18n('browser.annotation')]]</span></div>
                <p>[[item.text]]</p>
              </div>
            </template></dom-repeat>
            <p class="soft" hidden="[[comments.length]]">[[i18n('browser.noComments')]]</p>
          </section>
        </div>
        <section class="box">
          <h2>[[i18n('browser.metadata')]]</h2>
          <dl><dom-repeat items="[[_facts(document, i18n)]]">
            <template><dt>[[item.label]]</dt><dd>[[item.text]]</dd></template></dom-repeat></dl>
        </section>
      </div>`;
  }

  _blob(doc) {
    return doc?.properties?.["file:content"] ?? null;
  }
  _kind(blob) {
    return blob?.["mime-type"]?.split("/")[0] ?? "";
  }
  _is(kind, what) {
    return kind === what;
  }
  _size(blob) {
    return blob ? this.formatSize(Number(blob.length)) : "";
  }
  _count(n) {
    return n ? `(${n})` : "";
  }
  _indent(depth) {
    return `${Math.min(depth, 6) * 20}px`;
  }

  _facts(doc, i18n) {
    if (!doc?.properties) return [];
    const p = doc.properties;
    const version = this.formatVersion(doc);
    const since = this.formatDateTime(doc.lockCreated, "lll");
    return [
      ["doc.type", doc.type],
      ["doc.version", version === "0.0" ? "" : version + (doc.isCheckedOut ? "+" : "")],
      ["doc.lock", doc.lockOwner && i18n("doc.lockedSince", doc.lockOwner, since)],
      ["doc.state", doc.state],
      ["doc.description", p["dc:description"]],
      ["doc.author", p["dc:creator"]],
      ["doc.created", this.formatDateTime(p["dc:created"], "lll")],
      ["doc.lastContributor", p["dc:lastContributor"]],
      ["doc.modified", this.formatDateTime(p["dc:modified"], "lll")],
      ["doc.source", p["dc:source"]],
      ["doc.digest", p["file:content"]?.digest],
      ["doc.path", doc.path],
    ]
      .filter(([, text]) => text)
      .map(([key, text]) => ({ label: i18n(key), text }));
  }

  async _load(doc) {
    if (!doc?.uid || doc.facets.includes("Folderish")) return;
    const comments = await thread(doc.uid);
    if (doc === this.document) this.comments = comments;
  }
}
customElements.define(DocumentView.is, DocumentView);

// thread are the comments and annotations on a document, oldest first, each
// followed by its replies.
async function thread(uid) {
  const query = `SELECT * FROM Document WHERE comment:ancestorIds/* = '${uid}' ORDER BY comment:creationDate`;
  const { entries } = await fetched(
    `search/execute?pageSize=500&query=${encodeURIComponent(query)}`, { properties: "comment" },
  );
  const replies = Map.groupBy(entries, (c) => c.properties["comment:parentId"]);
  const below = (id, depth) => (replies.get(id) ?? []).flatMap((c) => [shown(c, depth), ...below(c.uid, depth + 1)]);
  return below(uid, 0);
}

const shown = ({ type, properties: p }, depth) => ({
  depth,
  annotation: type === "Annotation",
  author: p["comment:author"],
  text: p["comment:text"],
  creationDate: p["comment:creationDate"],
});
