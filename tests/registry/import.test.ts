import { describe, expect, it } from 'vitest';
import { Kind } from '../../src/model/kind.ts';
import type { Datum } from '../../src/registry/datum.ts';
import { wgs84ToGcj02 } from '../../src/registry/datum.ts';
import { readDevices } from '../../src/registry/import.ts';
import { SMALL_KINDS, SMALL_TOWN } from '../support/kinds.ts';

const AROUND = { kinds: SMALL_KINDS, town: SMALL_TOWN, isRegistered: (id: string) => id === 'LC-OLD' };
const HEADER = 'id,kind,area,organisation';
const WP = 'water-pressure,village,water-company';

const csv = (text: string, datum: Datum = 'wgs84') => readDevices(text, 'csv', datum, AROUND);
const json = (list: unknown) => readDevices(JSON.stringify(list), 'json', 'wgs84', AROUND);
const said = ({ problems }: { problems: { path: string; message: string }[] }) =>
  problems.map(({ path, message }) => `${path}: ${message}`);

describe('importing devices from CSV', () => {
  it('reads every column, typed by the kind', () => {
    const columns = `${HEADER},name.zh,name.en,road,parent,gateway,owner,maintainer,gridCell,componentCode,lon,lat,attributes.minPressure,attributes.role,aliases,reportInterval,sampleInterval,power,inService,secret`;
    const cells =
      'WP-1,water-pressure,village,water-company,测压点,Point,main-road,F-1,LC-OLD,水投集团,供水所,LL-01,321311,118.4,33.9,0.14,end,861234567890123; A-1,7200,300,switched,2026-01-01T00:00:00+08:00/,a-vendors-own-secret';
    expect(csv(`${columns}\n${cells}\n`)).toEqual({
      problems: [],
      rows: [
        {
          line: 2,
          secret: 'a-vendors-own-secret',
          device: {
            id: 'WP-1',
            kind: 'water-pressure',
            area: 'village',
            organisation: 'water-company',
            name: { zh: '测压点', en: 'Point' },
            road: 'main-road',
            parent: 'F-1',
            gateway: 'LC-OLD',
            owner: '水投集团',
            maintainer: '供水所',
            gridCell: 'LL-01',
            componentCode: '321311',
            location: [118.4, 33.9],
            attributes: { minPressure: 0.14, role: 'end' },
            aliases: ['861234567890123', 'A-1'],
            reportInterval: 7200,
            sampleInterval: 300,
            power: 'switched',
            inService: { from: Date.parse('2025-12-31T16:00:00Z'), to: null },
          },
        },
      ],
    });
  });

  it('an empty cell says nothing: the kind and the registry fill it in', () => {
    const { rows, problems } = csv(`${HEADER},name.zh,lon,lat,attributes.role,inService\nWP-1,${WP},,,,,\n`);
    expect(problems).toEqual([]);
    expect(rows[0]?.device).toEqual({
      id: 'WP-1',
      kind: 'water-pressure',
      area: 'village',
      organisation: 'water-company',
    });
  });

  it('takes a byte-order mark, comments, blank lines, Windows line ends, and spaces around cells', () => {
    const text = `\ufeff# from the vendor\r\n\r\n${HEADER}\r\n WP-1 ,${WP}\r\n# and one more\r\nWP-2,${WP}\r\n`;
    const { rows, problems } = csv(text);
    expect(problems).toEqual([]);
    expect(rows.map(({ device, line }) => [device.id, line])).toEqual([
      ['WP-1', 4],
      ['WP-2', 6],
    ]);
  });

  it('a # within a line is no comment', () => {
    const { rows } = csv(`${HEADER},name.zh,name.en\nWP-1,${WP},3#泵房,Pump house #3\n`);
    expect(rows[0]?.device.name).toEqual({ zh: '3#泵房', en: 'Pump house #3' });
  });

  it('a switch of the kind is true or false, in any letter case', () => {
    const name = { zh: '名', en: 'name' };
    const kind = Kind.parse({
      id: 'gate',
      name,
      reportInterval: 60,
      fields: { level: { type: 'number', name } },
      attributes: { remote: { type: 'boolean', name }, label: { type: 'string', name } },
    });
    const text = `${HEADER},attributes.remote,attributes.label\nG-1,gate,village,water-company,TRUE,TRUE\nG-2,gate,village,water-company,yes,7\n`;
    const { rows, problems } = readDevices(text, 'csv', 'wgs84', { ...AROUND, kinds: new Map([['gate', kind]]) });
    expect(rows[0]?.device.attributes).toEqual({ remote: true, label: 'TRUE' });
    expect(said({ problems })).toEqual(['line 3, attributes.remote: "yes" is not a boolean']);
  });

  it('every bad row is named with its line, its column and the fix', () => {
    const text = [
      `${HEADER},name.zh,lon,lat,attributes.minPressure,attributes.role,attributes.lamps,reportInterval,power,inService,secret`,
      'WP-1,water-presure,village,water-company,,,,,,,,,,',
      'WP-2,water-pressure,vilage,water-compny,,,,,,,,,,',
      'WP-3,water-pressure,village,water-company,,,,"0,14",ende,3,,,,',
      'WP-4,water-pressure,village,water-company,点,33.9,118.4,,,,often,sometimes,now,short',
      '-5,water-pressure,,water-company,,118.4,,,,,1.5,,,',
      'WP-6,water-pressure,village,water-company',
      'WP-1,water-pressure,village,water-company,,,,,,,,,,',
      'WP-7,water-pressure,village,water-company,,,,,,,,,2026-02-01T00:00:00Z/2026-01-01T00:00:00Z,',
      'WP-8,water-pressure,village,water-company,,,,,,,,,,a-vendors-own-secret',
    ].join('\n');
    const { rows, problems } = csv(text);
    expect(rows.map(({ device }) => device.id)).toEqual(['WP-8']);
    expect(said({ problems })).toEqual([
      'line 7: 4 cells, and the header has 14: quote cells that hold a comma',
      'line 2, kind: no kind water-presure (did you mean water-pressure?)',
      'line 3, area: no area vilage (did you mean village?)',
      'line 3, organisation: no organisation water-compny (did you mean water-company?)',
      'line 4, attributes.minPressure: "0,14" is not a number',
      'line 4, attributes.role: ende is none of outlet, trunk, end (did you mean end?)',
      'line 4, attributes.lamps: a water-pressure has no attribute lamps',
      'line 5, name.en: is missing',
      'line 5, lat: 118.4 is no latitude: is it in the place of the longitude?',
      'line 5, reportInterval: "often" is not of type number',
      'line 5, power: "sometimes" is not known',
      expect.stringMatching(/^line 5, inService: write always, auto, or a period/),
      'line 5, secret: a secret is 16 to 128 printable ASCII characters',
      expect.stringMatching(/^line 6, id: an id is a letter or digit/),
      'line 6, area: is missing',
      'line 6, lat: is missing',
      'line 6, reportInterval: 1.5 is not a whole number',
      'line 8, id: WP-1 stands already in line 2',
      'line 9, inService: the period ends before it begins',
    ]);
  });

  it('a column that nothing is called, that stands twice or is missing is named with the nearest right one', () => {
    const wrong = csv(`id,kind,area,organization,attributes.minPresure,id,\nWP-1,${WP},,,\n`);
    expect(wrong.rows).toEqual([]);
    expect(said(wrong)).toEqual([
      'line 1: no column is called organization (did you mean organisation?)',
      'line 1: no column is called attributes.minPresure (did you mean attributes.minPressure?)',
      'line 1: the column id stands twice',
      'line 1: the 7. column has no name',
      'line 1: the column organisation is missing',
    ]);
  });

  it('a gateway may stand anywhere in the file, or be registered already', () => {
    const lamp = 'lighting-controller,village,urban-management';
    const text = `${HEADER},gateway\nLC-1-001,${lamp},LC-1\nLC-1,${lamp},\nLC-2-001,${lamp},LC-OLD\nLC-3-001,${lamp},LC-3\n`;
    expect(said(csv(text))).toEqual(['line 5, gateway: no device LC-3 is registered']);
  });

  it('never shows a secret, not even a wrong one', () => {
    const shown = JSON.stringify([
      csv(`${HEADER},secret\nWP-1,${WP},geheim\n`).problems,
      json([{ id: 'WP-1', kind: 'water-pressure', area: 'village', organisation: 'water-company', secret: 77_777 }])
        .problems,
    ]);
    expect(shown).not.toMatch(/geheim|77777/);
  });

  it('a secret is taken to the letter', () => {
    expect(csv(`${HEADER},secret\nWP-1,${WP},"  16 signs or more "\n`).rows[0]?.secret).toBe('  16 signs or more ');
  });

  it('places in GCJ-02 become WGS-84', () => {
    const [lon, lat] = wgs84ToGcj02([118.4, 33.9]);
    expect(csv(`${HEADER},lon,lat\nWP-1,${WP},${lon},${lat}\n`, 'gcj02').rows[0]?.device.location).toEqual([
      118.4, 33.9,
    ]);
  });

  it('a line is counted right behind a cell that holds a line break', () => {
    const text = `${HEADER},owner\nWP-1,${WP},"水投\n集团"\nWP-2,${WP},\n`;
    expect(csv(text).rows.map(({ line }) => line)).toEqual([2, 4]);
  });

  it('an unreadable text is one problem that says where', () => {
    expect(said(csv(`${HEADER}\nWP-1,${WP}\nWP-2,wat"er,a,b\n`))).toEqual([expect.stringMatching(/^line 3: .*quotes/)]);
    expect(said(csv(`${HEADER}\nWP-1,${WP.replace('village', '村\ufffd')}\n`))).toEqual([
      expect.stringMatching(/^line 2: the file is not UTF-8: save it as "CSV UTF-8"/),
    ]);
    expect(said(csv(''))).toEqual(['file: the file holds no device']);
    expect(said(csv(`${HEADER}\n`))).toEqual(['file: the file holds no device']);
  });
});

describe('importing devices from JSON', () => {
  const good = { id: 'WP-1', kind: 'water-pressure', area: 'village', organisation: 'water-company' };

  it('takes what POST /devices takes', () => {
    const full = { ...good, attributes: { minPressure: 0.14 }, location: [118.4, 33.9], inService: 'auto' };
    expect(
      json([
        { ...full, secret: 'a-vendors-own-secret' },
        { ...good, id: 'WP-2' },
      ]),
    ).toEqual({
      problems: [],
      rows: [
        { line: 1, device: full, secret: 'a-vendors-own-secret' },
        { line: 2, device: { ...good, id: 'WP-2' } },
      ],
    });
  });

  it('names every problem by place and path', () => {
    const { area: _area, ...homeless } = good;
    const list = [
      { ...good, organization: 'water-company' },
      { ...homeless, id: 'WP-2' },
      { ...good, id: 'WP-3', attributes: { minPressure: '0.14' } },
      { ...good, id: 'WP-3' },
      'WP-4',
      { ...good, id: 'WP-5', inService: { from: 2, to: 1 } },
    ];
    expect(said(json(list))).toEqual([
      '[0].organization: no such property (did you mean organisation?)',
      '[1].area: is missing',
      '[2].attributes.minPressure: "0.14" is not a number',
      '[3].id: WP-3 stands already in [2]',
      '[4]: "WP-4" is not of type object',
      '[5].inService: the period ends before it begins',
    ]);
  });

  it('an unreadable text is one problem', () => {
    expect(said(readDevices('[{', 'json', 'wgs84', AROUND))).toEqual([expect.stringMatching(/^file: not JSON: /)]);
    expect(said(json({ devices: [] }))).toEqual(['file: the file holds no list: write [ {"id": …}, … ]']);
    expect(said(json([]))).toEqual(['file: the file holds no device']);
    expect(readDevices(`\ufeff${JSON.stringify([good])}`, 'json', 'wgs84', AROUND).problems).toEqual([]);
  });
});
