/**
 * A request signed by an operator, in the form of HTTP message signatures (RFC 9421) whatever carries it: what is signed is always the
 * `POST /api/ops/NAME` that would ask for it. So it can be passed on between peers, and each can check who asked for what.
 */
import { publicKeyOf } from '../lib/peer-id.ts'
import { sha256 } from '../lib/sha256.ts'
import type { NodeId } from '../model/ids.ts'
import { nodeId } from '../model/ids.ts'

/** Who asks, of which mesh, when; and the proof. What is asked for is beside it. */
export interface Signature {
  readonly key: NodeId
  /** The mesh that it is for: in another it means nothing. */
  readonly mesh: string
  /** In seconds, as RFC 9421 has it. */
  readonly created: number
  /** Makes it another request than any before. */
  readonly nonce: string
  /** `sha-256=:…:` of the input's text. */
  readonly digest: string
  readonly signature: Uint8Array
}

export interface SignedRequest extends Signature {
  readonly operation: string
  /** JSON, byte for byte as it was signed. */
  readonly input: string
}

/** How far the clocks of whoever signs and whoever checks may be apart, in seconds. */
export const mostSkew = 60

export const digestOf = (input: string): string => `sha-256=:${Buffer.from(sha256(input), 'hex').toString('base64')}:`

type Said = Omit<Signature, 'signature'>

const components = '("@method" "@path" "@query" "content-digest" "claw-mesh")'

const parameters = ({ created, nonce, key }: Said): string =>
  `${components};created=${created};nonce="${nonce}";keyid="${key}";alg="ed25519";tag="clawbernetes"`

/** The bytes that are signed. */
export function signatureBase(operation: string, said: Said): string {
  return [
    '"@method": POST',
    `"@path": /api/ops/${encodeURIComponent(operation)}`,
    '"@query": ?',
    `"content-digest": ${said.digest}`,
    `"claw-mesh": ${said.mesh}`,
    `"@signature-params": ${parameters(said)}`,
  ].join('\n')
}

/** The header fields that carry it over HTTP. */
export const signatureHeaders = (signed: Signature): Readonly<Record<string, string>> => ({
  'content-digest': signed.digest,
  'claw-mesh': signed.mesh,
  'signature-input': `claw=${parameters(signed)}`,
  signature: `claw=:${Buffer.from(signed.signature).toString('base64')}:`,
})

/** Says which mesh is meant, also where nothing is signed. */
export const meshHeader = 'claw-mesh'

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

export const isSigned = (headers: Headers): boolean => 'signature' in headers || 'signature-input' in headers

const inputForm =
  /^claw=\("@method" "@path" "@query" "content-digest" "claw-mesh"\);created=(\d{1,12});nonce="([A-Za-z0-9_-]{16,64})";keyid="([A-Za-z0-9]{1,64})";alg="ed25519";tag="clawbernetes"$/

/** What the header fields say; null for what is no such signature. */
export function signatureIn(headers: Headers): Signature | null {
  const field = (name: string): string => {
    const value = headers[name]
    return typeof value === 'string' ? value : ''
  }
  const [, created = '', nonce = '', key = ''] = inputForm.exec(field('signature-input')) ?? []
  const [, proof = ''] = /^claw=:([A-Za-z0-9+/]{86}==):$/.exec(field('signature')) ?? []
  const said = { key: nodeId(key), mesh: field('claw-mesh'), created: Number(created), nonce }
  const signed = { ...said, digest: field('content-digest'), signature: new Uint8Array(Buffer.from(proof, 'base64')) }
  return isWellFormed(signed) ? signed : null
}

/** Nothing of it can be taken for a part of the text around it. */
export const isWellFormed = ({ key, mesh, created, nonce, digest, signature }: Signature): boolean =>
  publicKeyOf(key) !== null &&
  /^[A-Za-z0-9_-]{1,128}$/.test(mesh) &&
  Number.isSafeInteger(created) &&
  created >= 0 &&
  /^[A-Za-z0-9_-]{16,64}$/.test(nonce) &&
  /^sha-256=:[A-Za-z0-9+/]{43}=:$/.test(digest) &&
  signature.length === 64

/** As it travels with a request between peers. What the request says itself already is left out. */
export function encodeProof(
  signed: SignedRequest,
  beside: { readonly name: string; readonly input: string },
): Uint8Array<ArrayBuffer> {
  const { key, mesh, created, nonce, signature, operation, input } = signed
  const isBeside = operation === beside.name && input === beside.input
  const proof = { key, mesh, created, nonce, signature: Buffer.from(signature).toString('base64') }
  return new TextEncoder().encode(JSON.stringify(isBeside ? proof : { ...proof, operation, input }))
}

/** Null for what is none. */
export function decodeProof(
  bytes: Uint8Array,
  beside: { readonly name: string; readonly input: string },
): SignedRequest | null {
  const fields = fieldsIn(bytes)
  if (fields === null) return null
  const { key, mesh, created, nonce, signature, operation = beside.name, input = beside.input } = fields
  const texts = [key, mesh, nonce, signature, operation, input]
  if (!texts.every((text) => typeof text === 'string') || typeof created !== 'number') return null
  const [by = '', of = '', once = '', proof = '', name = '', text = ''] = texts as readonly string[]
  return {
    ...{ key: nodeId(by), mesh: of, created, nonce: once, digest: digestOf(text), operation: name, input: text },
    signature: new Uint8Array(Buffer.from(proof, 'base64')),
  }
}

function fieldsIn(bytes: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
