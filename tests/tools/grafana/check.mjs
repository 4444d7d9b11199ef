// Holds dashboards against Grafana's own types: `node check.mjs FILE...` from anywhere.
//
// Types do not exist at run time, so each JSON document becomes a constant of a typed program that
// is only compiled, in memory.
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const HERE = dirname(fileURLToPath(import.meta.url));
const PROGRAM = join(HERE, 'dashboards.ts');
const PANELS = {
  stat: ['StatPanelCfg_types.gen', ['Options']],
  statetimeline: ['StateTimelinePanelCfg_types.gen', ['Options', 'FieldConfig']],
  table: ['TablePanelCfg_types.gen', ['Options', 'FieldConfig']],
  timeseries: ['TimeSeriesPanelCfg_types.gen', ['Options', 'FieldConfig']],
};
const KIND = { 'state-timeline': 'statetimeline' };

// In JSON a member of an enumeration is its value.
const HEAD = `
import type { AnnotationQuery, Dashboard, DataQuery, Panel } from '@grafana/schema';
${Object.entries(PANELS)
  .map(([kind, [file]]) => `import type * as ${kind} from './node_modules/@grafana/schema/dist/esm/raw/composable/${kind}/panelcfg/x/${file}';`)
  .join('\n')}
type Plain<T> =
  T extends string ? \`\${T}\` :
  T extends number ? (number extends T ? number : \`\${T}\` extends \`\${infer N extends number}\` ? N : never) :
  T extends boolean | null | undefined ? T :
  T extends (infer U)[] ? Plain<U>[] :
  T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
// What Prometheus' plugin adds, and Grafana's general types leave to it.
type Asked = DataQuery & { expr: string; instant: boolean; range: boolean };
type Annotation = AnnotationQuery<Asked> & { expr: string; step: string; titleFormat: string; textFormat: string };
`;

function panelType(panel) {
  const kind = KIND[panel.type] ?? panel.type;
  if (!(kind in PANELS)) throw new Error(`no types are known for a panel of type ${panel.type}`);
  return `Plain<Panel<${PANELS[kind][1].map((name) => `${kind}.${name}`).join(', ')}>>`;
}

function constants(file, number) {
  const { panels, annotations, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
  return [
    `// ${basename(file)}\nexport const board${number}: Plain<Dashboard> = ${JSON.stringify(rest, null, 1)};`,
    `// ${basename(file)}, annotations\nexport const board${number}_annotations: Plain<Annotation>[] = ${JSON.stringify(annotations.list ?? [], null, 1)};`,
    ...panels.map(
      (panel) => `// ${basename(file)}, panel ${panel.id}: ${panel.title}\nexport const board${number}_panel${panel.id}: ${panelType(panel)} = ${JSON.stringify(panel, null, 1)};`
    ),
  ].join('\n');
}

const text = HEAD + process.argv.slice(2).map(constants).join('\n');
const options = { strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
const host = ts.createCompilerHost(options);
const { getSourceFile, fileExists, readFile } = host;
host.getSourceFile = (name, ...others) => name === PROGRAM ? ts.createSourceFile(name, text, ts.ScriptTarget.ESNext) : getSourceFile(name, ...others);
host.fileExists = (name) => name === PROGRAM || fileExists(name);
host.readFile = (name) => (name === PROGRAM ? text : readFile(name));
const found = ts.getPreEmitDiagnostics(ts.createProgram([PROGRAM], options, host));
const lines = text.split('\n');
for (const each of found) {
  const at = each.file ? each.file.getLineAndCharacterOfPosition(each.start).line : 0;
  const about = lines.slice(0, at + 1).findLast((line) => line.startsWith('// ')) ?? '';
  console.error(`${about.slice(3)}: ${lines[at].trim()}: ${ts.flattenDiagnosticMessageText(each.messageText, ' ')}`);
}
console.log(`${process.argv.length - 2} dashboards: ${found.length} differences from Grafana's types`);
process.exit(found.length ? 1 : 0);
