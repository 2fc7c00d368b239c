import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import type { Name } from '../src/model/primitives.ts';
import { LANGUAGES, type Pen } from './pen.ts';
import { type Choice, SOURCE, valuesOf } from './query.ts';

/** What a board is, apart from its panels. */
export interface BoardSpec {
  /** Names its file and, with the language, its address. */
  id: string;
  title: Name;
  about: Name;
  /** How often it asks again, such as `30s`. */
  refresh: string;
  /** What its reader can choose, of which measurements: each choice within those before it. */
  choices?: { of: readonly string[]; tags: readonly Choice[] };
}

const CHOICE_NAMES: Readonly<Record<Choice, Name>> = {
  area: { zh: '区域', en: 'Area' },
  road: { zh: '道路', en: 'Road' },
  device: { zh: '设备', en: 'Device' },
};
const LANGUAGE_NAMES = { zh: '中文', en: 'English' } as const;

/** A board under construction, in one language: it gives its panels their numbers and their places, row by row. */
export class Board {
  readonly #pen: Pen;
  readonly #builder: dashboard.DashboardBuilder;
  #panels = 0;

  constructor(pen: Pen, { id, title, about, refresh, choices = { of: [], tags: [] } }: BoardSpec) {
    this.#pen = pen;
    const { language, facts } = pen;
    const other = LANGUAGES.find((candidate) => candidate !== language) ?? language;
    this.#builder = new dashboard.DashboardBuilder(`${pen.say(facts.town.name)} · ${pen.say(title)}`)
      .uid(uidOf(language, id))
      .description(pen.say(about))
      .tags(['townpulse', tagOf(language)])
      .readonly()
      .tooltip(dashboard.DashboardCursorSync.Crosshair)
      .timezone(facts.town.timeZone)
      .weekStart('monday')
      .time({ from: 'now-24h', to: 'now' })
      .refresh(refresh)
      .links([
        new dashboard.DashboardLinkBuilder(pen.say({ zh: '看板', en: 'Boards' }))
          .type(dashboard.DashboardLinkType.Dashboards)
          .tags([tagOf(language)])
          .asDropdown(true)
          .keepTime(true),
        link(pen.say({ zh: '镇脉控制台', en: 'Townpulse console' }), pen.page).targetBlank(true),
        link(LANGUAGE_NAMES[other], `/d/${uidOf(other, id)}`)
          .keepTime(true)
          .includeVars(true),
      ])
      .annotations([]);
    this.#builder.variables(
      choices.tags.map((tag, index) => choiceOf(pen, tag, valuesOf(tag, choices.of, choices.tags.slice(0, index)))),
    );
  }

  /** Begins a row. */
  row(title: Name, ...panels: readonly Numbered[]): this {
    this.#builder.withRow(new dashboard.RowBuilder(this.#pen.say(title)).id(this.#next()));
    for (const panel of panels) this.#builder.withPanel(panel.id(this.#next()));
    return this;
  }

  /** A row that is closed until its reader opens it: what is in it asks for nothing before. */
  closedRow(title: Name, ...panels: readonly Numbered[]): this {
    const row = new dashboard.RowBuilder(this.#pen.say(title)).id(this.#next()).collapsed(true);
    for (const panel of panels) row.withPanel(panel.id(this.#next()));
    this.#builder.withRow(row);
    return this;
  }

  /** Panels above the first row. */
  top(...panels: readonly Numbered[]): this {
    for (const panel of panels) this.#builder.withPanel(panel.id(this.#next()));
    return this;
  }

  build(): dashboard.Dashboard {
    return this.#builder.build();
  }

  #next(): number {
    this.#panels++;
    return this.#panels;
  }
}

/** A panel that can be given its number. */
interface Numbered extends Builder<dashboard.Panel> {
  id(id: number): this;
}

/** A board's address within Grafana: `/d/UID`. */
export function uidOf(language: string, id: string): string {
  return `townpulse-${language}-${id}`;
}

function tagOf(language: string): string {
  return `townpulse-${language}`;
}

function link(title: string, url: string): dashboard.DashboardLinkBuilder {
  return new dashboard.DashboardLinkBuilder(title)
    .type(dashboard.DashboardLinkType.Link)
    .url(url)
    .icon('external link');
}

/** A choice of several, or of all. `multi` is what makes Grafana escape what was chosen, wherever it stands. */
function choiceOf(pen: Pen, tag: Choice, query: string): dashboard.QueryVariableBuilder {
  const all = { selected: true, text: pen.say({ zh: '全部', en: 'All' }), value: '$__all' };
  return new dashboard.QueryVariableBuilder(tag)
    .label(pen.say(CHOICE_NAMES[tag]))
    .datasource(SOURCE)
    .query(query)
    .definition(query)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .allowCustomValue(false)
    .current(all)
    .refresh(dashboard.VariableRefresh.OnDashboardLoad)
    .sort(dashboard.VariableSort.NaturalAsc);
}
