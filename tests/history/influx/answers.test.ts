import { describe, expect, it } from 'vitest';
import { outage, wordsOf, writeError } from '../../../src/history/influx/answers.ts';
import { RefusedByStore, RetryLater } from '../../../src/history/port.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const answer = (status: number, text = '', retryAfter: string | null = null) => ({ status, text, retryAfter });
const error = (words: string) => JSON.stringify({ error: words });
const message = (words: string) => JSON.stringify({ code: 'x', message: words });

/** What the two servers were seen to say. */
const CONFLICT =
  'partial write: field type conflict: input field "pressure" on measurement "water-pressure" is type boolean, already exists as type float dropped=1';

describe('a write that is refused', () => {
  it.each([
    [400, error(CONFLICT)],
    [422, message(`failure writing points to database: ${CONFLICT}`)],
    [400, error('partial write: points beyond retention policy dropped=1')],
    [400, message("unable to parse 'x a=1x 5': invalid number")],
    [
      400,
      error("unable to parse 'x a=1 99999999999999': time outside range -9223372036854775806 - 9223372036854775806"),
    ],
  ])("for good is told with the server's own words (%d %s)", (status, text) => {
    const refused = writeError('InfluxDB', answer(status, text), NOW);
    expect(refused).toBeInstanceOf(RefusedByStore);
    expect(refused.message).toBe(wordsOf(text));
  });

  it.each([
    [400, '<html>The plain HTTP request was sent to HTTPS port</html>'],
    [400, ''],
    [400, error('partial write: max-series-per-database limit exceeded: (1000) dropped=1')],
    [
      400,
      error(
        'partial write: max-values-per-tag limit exceeded (1000/1000): measurement="m" tag="t" value="v" dropped=1',
      ),
    ],
    [401, message('unauthorized access')],
    [403, error('"u" user is not authorized to write to database "b"')],
    [404, error('database not found: "b"')],
    [413, 'Request Entity Too Large'],
    [429, message('too many requests')],
    [500, error(CONFLICT)],
    [503, ''],
    [301, ''],
  ])('for now is an outage, and no point is given up (%d %s)', (status, text) => {
    const down = writeError('InfluxDB', answer(status, text), NOW);
    expect(down).not.toBeInstanceOf(RefusedByStore);
    expect(down.message).toContain(`InfluxDB answers ${status}`);
  });

  it('says what to do about a wrong token, a lacking right and a missing bucket', () => {
    const advice = [401, 403, 404].map((status) => outage('InfluxDB', answer(status), NOW).message);
    expect(advice).toEqual([
      expect.stringContaining('INFLUX_TOKEN'),
      expect.stringContaining('read and write the bucket'),
      expect.stringContaining('INFLUX_BUCKET'),
    ]);
  });

  it.each([
    ['2', 2_000],
    ['0', 0],
    ['Mon, 23 Nov 2026 12:01:30 GMT', 90_000],
    ['Mon, 23 Nov 2026 11:00:00 GMT', 0],
    ['999999', 3_600_000],
  ])('is not tried again before Retry-After: %s', (retryAfter, waitMs) => {
    const later = outage('InfluxDB', answer(503, '', retryAfter), NOW);
    expect(later).toBeInstanceOf(RetryLater);
    expect(later).toMatchObject({ waitMs });
  });

  it('is tried as usual when Retry-After is none, or no sense', () => {
    for (const retryAfter of [null, 'soon']) {
      expect(outage('InfluxDB', answer(503, '', retryAfter), NOW)).not.toBeInstanceOf(RetryLater);
    }
  });
});
