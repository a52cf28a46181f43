/** Reads the tree the way the rules need it: which file imports what, by which kind of import, on which line. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, resolve } from 'node:path'
import ts from 'typescript'

export const root = resolve(import.meta.dirname, '..', '..')

export interface Import {
  /** As written: './lease.ts', 'node:fs', '@libp2p/tcp'. */
  readonly to: string
  /** The file it leads to, from the root of the tree; null when it leads outside. */
  readonly file: string | null
  readonly line: number
  /** The names taken, when they are listed. */
  readonly names: readonly string[]
}

export interface Source {
  readonly path: string
  readonly imports: readonly Import[]
  readonly tree: ts.SourceFile
}

/** The TypeScript files below a folder, from the root of the tree, with / between the parts. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .toSorted()
}

export function readSource(path: string): Source {
  const tree = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true)
  const imports: Import[] = []
  visit(tree, (node) => {
    const to = targetOf(node)
    if (to === undefined) return
    const line = tree.getLineAndCharacterOfPosition(to.getStart()).line + 1
    imports.push({ to: to.text, file: fileOf(path, to.text), line, names: namesOf(node) })
  })
  return { path, imports, tree }
}

/** The tree's own sources; generated code is the generator's business. */
export const sources: readonly Source[] = filesBelow('src')
  .filter((path) => !path.startsWith('src/wire/gen/'))
  .map(readSource)

export function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node)
  ts.forEachChild(node, (child) => {
    visit(child, see)
  })
}

/** What a node imports from, if it is an import of any kind: static, re-export, dynamic, or of a type. */
function targetOf(node: ts.Node): ts.StringLiteralLike | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier)
  if (ts.isCallExpression(node) && isLoader(node.expression)) return literal(node.arguments[0])
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return literal(node.argument.literal)
  return undefined
}

function isLoader(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')
}

function literal(node: ts.Node | undefined): ts.StringLiteralLike | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node : undefined
}

function namesOf(node: ts.Node): readonly string[] {
  if (!ts.isImportDeclaration(node)) return []
  const bindings = node.importClause?.namedBindings
  if (bindings === undefined || !ts.isNamedImports(bindings)) return ['*']
  return bindings.elements.map((element) => (element.propertyName ?? element.name).text)
}

function fileOf(from: string, to: string): string | null {
  return to.startsWith('.') ? posix.normalize(posix.join(dirname(from), to)) : null
}
