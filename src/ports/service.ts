/** A part of the daemon with a life. Constructors only assign; `stop` undoes `start`. */
export interface Service {
  readonly name: string
  start(): Promise<void>
  stop(): Promise<void>
}
