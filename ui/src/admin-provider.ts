// The application registered at Frame.io: the form an administrator fills in
// once, or takes from Nuxeo's Cloud Services.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Problem, type Schemas, change, get, problemOf } from "./api.js";
import { confirm, notice } from "./dialog.js";
import { toast } from "./host.js";
import { Loader } from "./loader.js";
import { base, controls } from "./styles.js";
import { t } from "./i18n.js";

type Provider = Schemas["Provider"];
const addresses = ["authorization_url", "token_url", "user_authorization_url"] as const;
/** The fields that show their own problems. */
const shown = new Set<string>(["description", "client_id", "client_secret", "scopes", ...addresses]);

@define("nxf-admin-provider")
export class AdminProvider extends LitElement {
  static override styles = [
    base, controls,
    css`
      form { display: grid; gap: 1rem; max-width: 46rem; }
      .copy { display: flex; gap: 0.5rem; align-items: flex-end; }
      code {
        display: block; padding: 0.45rem 0.65rem; border: 1px solid var(--line); border-radius: 8px;
        background: var(--tint); overflow-wrap: anywhere; flex: 1;
      }
      .option { padding-inline: 0; width: fit-content; }
    `,
  ];

  private readonly provider = new Loader<Provider>(this, {
    load: (_, signal) => get("/provider", {}, signal), deaf: true,
  });
  @state() private refused: Problem | undefined;
  @state() private busy = false;

  protected override render(): unknown {
    return this.provider.show((p) => this.whole(p));
  }

  private whole(p: Provider): TemplateResult {
    return html`<div class="stack">
      <p class="soft">${t(p.registered ? "frameio.provider.registered" : "frameio.provider.unregistered")}</p>
      <section class="card stack tight"><strong>${t("frameio.provider.redirect")}</strong>
        <span class="hint soft small">${t("frameio.provider.redirect.hint")}</span>
        <div class="copy"><code>${p.redirect_url}</code>
          <button @click=${() => void this.copy(p.redirect_url)}>${t("frameio.copy")}</button></div></section>
      <section class="card"><form novalidate @submit=${this.save}>${this.fields(p)}
        ${this.refused && !shown.has(this.refused.field) ? notice(this.refused) : nothing}
        <div class="row"><button class="primary" ?disabled=${this.busy}>${t("frameio.save")}</button>
          <button type="button" ?disabled=${this.busy} @click=${() => void this.take()}>
            ${t("frameio.provider.import")}</button>
          ${p.registered
            ? html`<button type="button" class="danger" @click=${this.unregister}>
              ${t("frameio.provider.remove")}</button>`
            : nothing}</div></form></section></div>`;
  }

  private fields(p: Provider): TemplateResult {
    return html`${this.input("service_name", p.service_name, { fixed: true })}
      ${this.input("description", p.description)}
      ${this.input("client_id", p.client_id, { required: true })}
      ${this.input("client_secret", "", {
        secret: true, required: !p.has_secret, hint: p.has_secret ? t("frameio.provider.secret.kept") : "",
      })}
      ${addresses.map((name) => this.input(name, p[name]))}
      <label>${t("frameio.provider.scopes")}<textarea name="scopes" rows="3" autocomplete="off" spellcheck="false"
        .value=${p.scopes.join(",")} aria-invalid=${this.refused?.field === "scopes"}
        aria-describedby="scopes-error"></textarea>
        <span class="hint">${t("frameio.provider.scopes.hint")}</span>${this.wrong("scopes")}</label>
      <label class="option"><input type="checkbox" name="enabled"
        .checked=${p.enabled || !p.registered}>${t("frameio.provider.enabled")}</label>`;
  }

  private input(
    name: string, value: string, more: { fixed?: boolean; secret?: boolean; required?: boolean; hint?: string } = {},
  ): TemplateResult {
    const wrong = this.refused?.field === name;
    const star = more.required ? html`<span aria-hidden="true"> *</span>` : nothing;
    return html`<label>${t(`frameio.provider.${name}`)}${star}
      <input name=${name} type=${more.secret ? "password" : "text"} .value=${value} ?readonly=${more.fixed}
        ?required=${more.required} autocomplete=${more.secret ? "new-password" : "off"} spellcheck="false"
        aria-invalid=${wrong} aria-describedby=${`${name}-error`}>
      ${more.hint ? html`<span class="hint">${more.hint}</span>` : nothing}${this.wrong(name)}</label>`;
  }

  private wrong(name: string): TemplateResult | typeof nothing {
    return this.refused?.field === name
      ? html`<span class="error wrap" id=${`${name}-error`}>${this.refused.message} ${this.refused.remedy}</span>`
      : nothing;
  }

  private async save(event: Event): Promise<void> {
    event.preventDefault();
    const fields = event.target as HTMLFormElement; // it is gone from the event after the first await
    const form = new FormData(fields);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    await this.run(async () => {
      this.provider.take(await change<Provider>("PUT", "/provider", {
        description: text("description"), client_id: text("client_id"), client_secret: text("client_secret"),
        ...Object.fromEntries(addresses.map((name) => [name, text(name)])),
        scopes: text("scopes").split(/[\s,]+/).filter(Boolean), enabled: form.has("enabled"),
      }));
      (fields.elements.namedItem("client_secret") as HTMLInputElement).value = "";
      toast(this, t("frameio.provider.saved"));
    });
  }

  private take(): Promise<void> {
    return this.run(async () => {
      this.provider.take(await change<Provider>("POST", "/provider/import"));
      toast(this, t("frameio.provider.imported"));
    });
  }

  private async unregister(): Promise<void> {
    const done = await confirm(
      t("frameio.provider.remove.question"), [t("frameio.provider.remove.explain")], t("frameio.provider.remove"),
      () => change("DELETE", "/provider"),
    );
    if (done) await this.provider.refresh();
  }

  private async run(what: () => Promise<void>): Promise<void> {
    [this.busy, this.refused] = [true, undefined];
    try {
      await what();
    } catch (thrown) {
      this.refused = problemOf(thrown);
      await this.updateComplete;
      this.renderRoot.querySelector<HTMLElement>("[aria-invalid=true], .wrong")?.focus();
    } finally {
      this.busy = false;
    }
  }

  private async copy(text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      toast(this, t("frameio.copied"));
    } catch {
      toast(this, t("frameio.copy.refused"));
    }
  }
}
