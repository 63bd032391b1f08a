/** A source of data and how fresh its last word is: a colour, a word and an age together. */
export interface SourceBadgeProps {
  readonly name: string;
  readonly state: 'good' | 'warn' | 'bad' | 'off';
  /** "ok", "late", "stale: registry busy": what the colour means. */
  readonly word: string;
  /** "4 s"; empty where no age makes sense. */
  readonly age: string;
  readonly title: string;
}

export function SourceBadge({ name, state, word, age, title }: SourceBadgeProps) {
  return (
    <span
      className="source-badge"
      data-testid="source-badge"
      data-source={name}
      data-state={state}
      title={title}
    >
      <span className="source-dot" aria-hidden />
      <span>{name}</span>
      <span className="source-word">{word}</span>
      {age && <span className="source-age">{age}</span>}
    </span>
  );
}
