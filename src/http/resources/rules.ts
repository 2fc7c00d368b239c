import { z } from 'zod';
import type { Problem } from '../../kernel/errors.ts';
import { Severity, Subject } from '../../model/alert.ts';
import { Name } from '../../model/primitives.ts';
import { Verdict } from '../../model/verdict.ts';
import { principalOf } from '../access.ts';
import type { Api } from '../api.ts';
import { listOf, PlacePaging, pageByPlace } from '../lists.ts';

const RuleOverview = z
  .object({
    id: z.string(),
    type: z.string().meta({ description: 'threshold, silence, ratio …' }),
    kind: z.string(),
    name: Name,
    severity: Severity,
    organisation: z.string().nullable().meta({ description: "null: the device's own" }),
    version: z.string().meta({ description: 'sha256:… of the rulebook that it stands in' }),
    verdicts: z.record(Verdict, z.int()).meta({ description: 'how many of its subjects are judged so now' }),
    worst: z.array(z.object({ subject: Subject, verdict: Verdict })).meta({ description: 'a few, the worst first' }),
  })
  .meta({ id: 'Rule' });
/** A rule of the book in force, and how things stand by it. */
export type RuleOverview = z.infer<typeof RuleOverview>;

const Ids = z.array(z.string());
const RulebookChange = z
  .object({
    version: z.string().meta({ description: 'sha256:… of the rulebook in force' }),
    added: Ids,
    changed: Ids.meta({
      description: 'they judge otherwise and begin anew; open alerts stay until they are found over',
    }),
    reworded: Ids.meta({ description: 'they judge as before, under another name, severity, organisation …' }),
    removed: Ids.meta({ description: 'their alerts are closed' }),
    kept: z.int().meta({ description: 'how many stayed as they were' }),
  })
  .meta({ id: 'RulebookChange' });
/** What a rulebook changed of the one before. */
export type RulebookChange = z.infer<typeof RulebookChange>;

/** What the rules' resource needs. */
export interface RulesParts {
  rules: {
    /** In the order of the rulebook. */
    overview(): readonly RuleOverview[];
    /** Reads a rulebook without putting it in force: how many rules it has, and everything that is wrong with it. */
    check(text: string): { rules: number; problems: readonly Problem[] };
    /** Reads the town's rulebook anew and puts it in force. Throws TownError `rulebook-invalid`; the old one stays. */
    reload(by: string): Promise<RulebookChange>;
  };
}

const YAML_TYPES = ['text/yaml', 'application/yaml', 'text/x-yaml', 'application/x-yaml'];

const RulebookText = z
  .union([z.string(), z.strictObject({ text: z.string() }).transform(({ text }) => text)], {
    error: 'send the rulebook as text/yaml, or as JSON {"text": …}',
  })
  .meta({ id: 'RulebookText', description: 'YAML as text/yaml, or JSON with the YAML as `text`' });

const Checked = z
  .object({
    ok: z.boolean(),
    rules: z.int(),
    problems: z.array(z.object({ path: z.string().meta({ description: 'FILE:LINE:COLUMN' }), message: z.string() })),
  })
  .meta({ id: 'RulebookCheck' });

/** `GET /rules`, `POST /rules/check`, `POST /rules/reload` */
export function rulesResource(api: Api, { rules }: RulesParts): void {
  const tags = ['rules'];
  const list = { summary: 'The rules in force, each with its verdicts now', tags, querystring: PlacePaging };
  api.get('/rules', { schema: { ...list, response: { 200: listOf(RuleOverview) } } }, (request) =>
    pageByPlace(rules.overview(), request.query),
  );

  const reload = { summary: "Reads the town's rulebook anew: it comes into force whole, or the old one stays", tags };
  api.post('/rules/reload', { schema: { ...reload, response: { 200: RulebookChange } } }, (request) =>
    rules.reload(principalOf(request).name),
  );

  const check = {
    summary: 'Checks a rulebook without putting it in force: every problem comes out',
    tags,
    consumes: ['application/json', ...YAML_TYPES],
    body: RulebookText,
    response: { 200: Checked },
  };
  api.register((yaml: Api, _options, registered) => {
    yaml.addContentTypeParser(YAML_TYPES, { parseAs: 'string' }, (_request, body, done) => done(null, body));
    yaml.post('/rules/check', { schema: check, config: { access: 'signed-in' } }, (request) => {
      const { rules: count, problems } = rules.check(request.body);
      return { ok: problems.length === 0, rules: count, problems: [...problems] };
    });
    registered();
  });
}
