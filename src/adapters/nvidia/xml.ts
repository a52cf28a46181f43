/**
 * Reads the XML that nvidia-smi prints: elements, attributes and text, no mixed content, no namespaces, no entities but the five of XML
 * itself. What a killed tool has cut off is kept up to the cut.
 */

export interface XmlNode {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlNode[]
  readonly text: string
}

interface OpenNode extends XmlNode {
  readonly children: OpenNode[]
  text: string
}

const maxDepth = 32
const maxNodes = 200_000

const token =
  /<!--[\s\S]*?-->|<\?[^>]*>|<![^>]*>|<\/([\w.-]+)\s*>|<([\w.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|([^<]+)/y
const attribute = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g

/** `root` is null when there is no element at all; `complete` says whether the document was whole and well formed. */
export function parseXml(source: string): { readonly root: XmlNode | null; readonly complete: boolean } {
  const top: OpenNode = { name: '', attributes: {}, children: [], text: '' }
  const open: OpenNode[] = [top]
  let nodes = 0
  let at = 0
  for (;;) {
    token.lastIndex = at
    const match = token.exec(source)
    const inner = open.at(-1)
    if (match === null || inner === undefined) break
    const [whole, closes, opens, attributes, selfCloses, text] = match
    if (closes !== undefined && (open.length === 1 || inner.name !== closes)) break
    if (opens !== undefined && (++nodes > maxNodes || open.length > maxDepth)) break
    at += whole.length

    if (text !== undefined) inner.text += unescape(text.trim())
    if (closes !== undefined) open.pop()
    if (opens === undefined) continue
    const node: OpenNode = { name: opens, attributes: attributesIn(attributes ?? ''), children: [], text: '' }
    inner.children.push(node)
    if (selfCloses !== '/') open.push(node)
  }
  return {
    root: top.children[0] ?? null,
    complete: at === source.length && open.length === 1 && top.children.length === 1,
  }
}

/** All children of that name. */
export const childrenOf = (node: XmlNode, name: string): readonly XmlNode[] =>
  node.children.filter((child) => child.name === name)

/** The text at a path such as `pci/pci_bus_id`, or null when there is no such element. */
export function textAt(node: XmlNode, path: string): string | null {
  let at: XmlNode | undefined = node
  for (const name of path.split('/')) at = at?.children.find((child) => child.name === name)
  return at?.text ?? null
}

function attributesIn(text: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const [, name, double, single] of text.matchAll(attribute))
    if (name !== undefined) found[name] = unescape(double ?? single ?? '')
  return found
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

const unescape = (text: string): string => text.replace(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole)
