// Everybody who has signed in: what access is kept for them, and who is blocked, first.
// An administrator ends somebody's access here, and lets them in again.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { define } from "./define.js";
import { type Schemas, change, get, path } from "./api.js";
import { confirm } from "./dialog.js";
import { since } from "./since.js";
import { toast } from "./host.js";
import { Loader } from "./loader.js";
import { base, controls } from "./styles.js";
import { t } from "./i18n.js";

type Access = Schemas["Access"];

@define("nxf-admin-people")
export class AdminPeople extends LitElement {
  static override styles = [
    base, controls,
    css`
      table { width: 100%; min-width: 40rem; border-collapse: collapse; }
      th, td { text-align: start; padding: 0.5rem 0.6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
      th { color: var(--soft); font-size: 0.85rem; font-weight: 600; }
      td { overflow-wrap: anywhere; }
      td button { padding: 0.15rem 0.7rem; font-size: 0.85rem; white-space: nowrap; }
      .scroll { overflow-x: auto; position: relative; }
    `,
  ];

  private readonly people = new Loader<Access[]>(this, {
    load: async (_, signal) => {
      const { people } = await get<{ people: Access[] }>("/people", {}, signal);
      return [...people.filter((p) => p.revoked), ...people.filter((p) => !p.revoked)];
    },
    deaf: true,
  });

  protected override render(): unknown {
    return this.people.show((people) => this.table(people));
  }

  private table(people: Access[]): TemplateResult {
    if (!people.length) return html`<p class="soft">${t("frameio.people.none")}</p>`;
    return html`<section class="card scroll" tabindex="0" aria-label=${t("frameio.admin.people")}>
      <table><thead><tr>
          <th scope="col">${t("frameio.people.person")}</th><th scope="col">${t("frameio.people.access")}</th>
          <th scope="col">${t("frameio.people.account")}</th><th scope="col">${t("frameio.people.last")}</th>
          <th scope="col"><span class="unseen">${t("frameio.people.act")}</span></th></tr></thead>
        <tbody>${people.map((p) => this.row(p))}</tbody></table></section>`;
  }

  private row(p: Access): TemplateResult {
    return html`<tr>
      <td><strong>${p.name}</strong>
        ${p.administrator ? html`<span class="chip">${t("frameio.people.administrator")}</span>` : nothing}<br>
        <span class="small soft">${p.login}</span></td>
      <td>${p.revoked
        ? html`<span class="bad">${t("frameio.people.blocked", p.revoked)}</span>`
        : t("frameio.people.open")}</td>
      <td>${p.frameio_connected
        ? p.frameio_name
        : html`<span class="soft">${p.frameio_problem ?? t("frameio.people.unconnected")}</span>`}</td>
      <td>${since(p.last_sign_in)}</td>
      <td class="row tight">${p.revoked ? this.lifting(p) : this.button(p, "revoke", () => this.revoke(p))}</td></tr>`;
  }

  private lifting(p: Access): TemplateResult {
    return html`${this.button(p, "lift", () => this.lift(p, false))}
      ${this.button(p, "lift.any", () => this.lift(p, true))}`;
  }

  private button(p: Access, what: string, act: () => Promise<void>): TemplateResult {
    return html`<button @click=${act}>${t(`frameio.people.${what}`)}<span class="unseen"> ${p.login}</span></button>`;
  }

  private async revoke(p: Access): Promise<void> {
    let left: string[] = [];
    const explain = t("frameio.people.revoke.explain");
    const act = async (): Promise<void> => {
      ({ left } = await change<{ left: string[] }>("DELETE", path("people", p.login, "access")));
    };
    const question = t("frameio.people.revoke.question", p.name);
    if (!(await confirm(question, [explain], t("frameio.people.revoke"), act))) return;
    const said = [t("frameio.people.revoke.done", p.name), ...left.map((l) => t("frameio.people.revoke.left", l))];
    await this.changed(said.join(" "));
  }

  private async lift(p: Access, any: boolean): Promise<void> {
    const explain = t(any ? "frameio.people.lift.any.explain" : "frameio.people.lift.explain");
    const act = (): Promise<void> => change("PUT", path("people", p.login, "access"), { any_account: any });
    const question = t("frameio.people.lift.question", p.name);
    if (!(await confirm(question, [explain], t("frameio.people.lift"), act))) return;
    await this.changed(t("frameio.people.lift.done", p.name));
  }

  private async changed(said: string): Promise<void> {
    toast(this, said);
    await this.people.refresh();
  }
}
