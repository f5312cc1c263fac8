// A place on Frame.io to choose: a team, one of its projects, and a folder in
// that, from a tree that loads as it is opened.

import { type TemplateResult, type ReactiveController, type ReactiveControllerHost, html, nothing } from "lit";
import { type Schemas, get, path } from "./api.js";
import { type Source, among } from "./tree.js";
import "./tree.js";
import { t } from "./i18n.js";

export type Project = Schemas["FrameioProject"];

/** A team as one chooses it. */
export interface Team {
  id: string;
  name: string;
  account: string;
  account_name?: string;
}

/** What hears of the choosing. */
export interface Chooser {
  /** Another project is chosen. */
  chosen(): void;
  /** Another folder of it. */
  picked?(): void;
  failed(thrown: unknown): void;
}

/** What a dialog has chosen so far. */
export class Place implements ReactiveController {
  team: Team | undefined;
  projects: Project[] | undefined;
  project: Project | undefined;
  folder = "";
  source: Source | undefined;

  constructor(private readonly host: ReactiveControllerHost, private readonly chooser: Chooser) {
    host.addController(this);
  }

  hostConnected(): void {}

  /** Takes a team and the first of its projects, unless another was the last. */
  async choose(team: Team, last?: { project?: string; folder?: string }): Promise<void> {
    [this.team, this.projects, this.project, this.source] = [team, undefined, undefined, undefined];
    this.host.requestUpdate();
    try {
      const of = path("frameio", team.account, "workspaces", team.id, "projects");
      const { projects } = await get<{ projects: Project[] }>(of);
      if (this.team !== team) return;
      this.projects = projects;
      const known = projects.find((p) => p.id === last?.project);
      this.take(known ?? projects[0], known && last?.folder);
    } catch (thrown) {
      if (this.team === team) this.chooser.failed(thrown);
    }
  }

  private take(project: Project | undefined, folder?: string): void {
    this.project = project;
    this.host.requestUpdate();
    if (!project) return;
    this.folder = folder ?? project.root_folder;
    this.source = folders(this.team!.account, project);
    this.chooser.chosen();
  }

  /** Chooses a folder of the project. */
  pick(folder: string): void {
    this.folder = folder;
    this.host.requestUpdate();
    this.chooser.picked?.();
  }

  /** The teams to choose from. */
  teamField(label: string, teams: Team[], error?: TemplateResult | typeof nothing): TemplateResult {
    const several = new Set(teams.map((x) => x.account)).size > 1;
    return html`<label>${label}<span aria-hidden="true"> *</span>
      <select name="team"
        @change=${(e: Event) => void this.choose(teams[(e.target as HTMLSelectElement).selectedIndex]!)}>
        ${teams.map((x) => html`<option ?selected=${x.id === this.team?.id}>
          ${several && x.account_name ? t("frameio.place.team", x.name, x.account_name) : x.name}</option>`)}
      </select>${error}</label>`;
  }

  /** The projects of the team. */
  projectField(label: string, error?: TemplateResult | typeof nothing): TemplateResult {
    if (!this.projects) return html`<p role="status" class="soft">${t("frameio.loading")}</p>`;
    if (!this.projects.length) {
      return html`<div class="notice care"><strong>${t("frameio.push.projects.none")}</strong></div>`;
    }
    return html`<label>${label}<span aria-hidden="true"> *</span>
      <select name="project"
        @change=${(e: Event) => this.take(this.projects![(e.target as HTMLSelectElement).selectedIndex])}>
        ${this.projects.map((p) => html`<option ?selected=${p === this.project}>${p.name}</option>`)}
      </select>${error}</label>`;
  }

  /** The folders of the project. */
  tree(): TemplateResult | typeof nothing {
    if (!this.source) return nothing;
    const picked = (e: CustomEvent<string>): void => {
      e.stopPropagation();
      this.pick(e.detail);
    };
    return html`<div class="tree"><nxf-folder-tree .source=${this.source} .selected=${this.folder}
      .way=${[this.project!.root_folder]} @nxf-picked=${picked}></nxf-folder-tree></div>`;
  }
}

// The project itself is the outermost row.
function folders(account: string, project: Project): Source {
  return {
    level: async (parent) => {
      if (!parent) {
        return { folders: [{ uid: project.root_folder, title: project.name, path: project.name }], more: false };
      }
      const below = path("frameio", account, "folders", parent, "folders");
      const answer = await get<{ folders: Schemas["FrameioFolder"][]; more: boolean }>(below);
      return { folders: answer.folders.map((f) => ({ uid: f.id, title: f.name, path: f.name })), more: answer.more };
    },
    search: async (words, known) => among(words, known),
  };
}
