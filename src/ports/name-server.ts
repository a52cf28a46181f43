/** Answers questions for names, as programs ask them of their resolver. */
import type { Answer, Question } from '../model/naming.ts'

export interface NameServerOptions {
  readonly address: string
  /** 0 for any that is free. */
  readonly port: number
}

export interface NameDesk {
  answer(question: Question): Answer
  /** Resolvers that everything outside the zone is asked of now, HOST or HOST:PORT; none: it is refused. */
  upstreams(): readonly string[]
  /** Whether somebody at this IP address may ask now. Who may not is not answered at all. */
  admits(source: string): boolean
}

export interface OpenNameServer {
  readonly port: number
  close(): Promise<void>
}

export interface NameServers {
  /** Throws ADDRESS_IN_USE, or what else the system says. */
  open(options: NameServerOptions, desk: NameDesk): Promise<OpenNameServer>
  /** The resolvers that this host itself uses, as far as others than it can use them, too. */
  upstreams(): Promise<readonly string[]>
}
