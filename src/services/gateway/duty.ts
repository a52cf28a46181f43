/** One thing that the leader does for the mesh. It begins when this peer starts to lead and ends when it stops. */
export interface Duty {
  readonly name: string
  begin(): void
  end(): Promise<void>
}
