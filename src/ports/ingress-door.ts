/** Takes requests from outside for many hosts, over HTTP or HTTPS, and has each answered by whoever it is for. */
import type { Millis } from '../model/time.ts'
import type { OpenDoor, Backend } from './service-door.ts'

/** To whom a request goes. */
export interface IngressTarget {
  /** Who answers it; null while nobody is there to be asked. */
  readonly backend: Backend | null
  /** For those who are told that nobody is there. */
  readonly name: string
  /** What is taken off the beginning of its path; null for nothing. */
  readonly strip: string | null
}

export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

export interface IngressDoorOptions {
  readonly bind: string
  readonly port: number
  /** Null for plain HTTP. Chosen by the name that a client asks for; the first, if any, is for those who name none that there is. */
  readonly certificates: readonly CertificateFiles[] | null
  /** Most connections of one address. */
  readonly perAddress: number
  readonly pace: BodyPace
}

/** How fast the body of a request has to come at the least, while somebody is ready to take it. */
export interface BodyPace {
  /** Bytes; 0 for as slowly as one likes. */
  readonly perSecond: number
  /** Over so long. */
  readonly withinMs: Millis
}

export interface IngressGate {
  /** Null where no ingress is for such a request. */
  find(host: string, path: string): IngressTarget | null
  /** Certificates could not be read again: those of before are shown on. Null when all is well again. */
  onCertificates(problem: string | null): void
  /** What an authority that looks at the host is answered under this token; null where nothing is known of it. `from` is the address that asks. */
  challenge(host: string, token: string, from: string): Promise<string | null>
  /** What nobody expected: a request that could not be answered for it, or a connection that could not be taken. */
  onFailure(error: unknown): void
}

/** A certificate that the mesh has ordered, PEM. */
export interface ShownPair {
  readonly host: string
  readonly cert: string
  readonly key: string
}

export interface OpenIngressDoor extends OpenDoor {
  /** From now on, for the names that no file is for. Throws nothing: one that cannot be read is told to the gate. */
  show(pairs: readonly ShownPair[]): void
}

export interface IngressDoor {
  /** Throws ADDRESS_IN_USE, CONFIG_INVALID for files that are no certificate and its key, or what else the system says. */
  open(options: IngressDoorOptions, gate: IngressGate): Promise<OpenIngressDoor>
}
