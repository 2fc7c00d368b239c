import { z } from 'zod';
import type { Problem } from '../../kernel/errors.ts';
import { Severity, Subject } from '../../model/alert.ts';
import { Name } from '../../model/primitives.ts';
import { Verdict } from '../../model/verdict.ts';
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

/** What the rules' resource needs. */
export interface RulesParts {
  rules: {
    /** In the order of the rulebook. */
    overview(): readonly RuleOverview[];
    /** Reads a rulebook without putting it in force: how many rules it has, and everything that is wrong with it. */
    check(text: string): { rules: number; problems: readonly Problem[] };
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

/** `GET /rules`, `POST /rules/check` */
export function rulesResource(api: Api, { rules }: RulesParts): void {
  const tags = ['rules'];
  const list = { summary: 'The rules in force, each with its verdicts now', tags, querystring: PlacePaging };
  api.get('/rules', { schema: { ...list, response: { 200: listOf(RuleOverview) } } }, (request) =>
    pageByPlace(rules.overview(), request.query),
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
