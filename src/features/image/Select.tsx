/** A menu that gives the keys back to the image once something was chosen with the pointer. */
import { useRef } from 'react';
import './image.css';

interface SelectProps {
  readonly label: string;
  readonly title: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly choose: (value: string) => void;
}

export function Select({ label, title, value, options, choose }: SelectProps) {
  const byPointer = useRef(false);
  return (
    <select
      onPointerDown={() => (byPointer.current = true)}
      onKeyDown={() => (byPointer.current = false)}
      className="image-select"
      aria-label={label}
      title={title}
      value={value}
      onChange={(event) => {
        choose(event.target.value);
        // The keys are the image's again; who works the menu by keys goes on with it.
        if (byPointer.current) event.target.blur();
      }}
    >
      {options.map(([name, text]) => (
        <option key={name} value={name}>
          {text}
        </option>
      ))}
    </select>
  );
}
