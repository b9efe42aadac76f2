// Ways in for images: button, drop, paste, examples.

const EXAMPLES = [
  { file: "sunset.png", title: "Sunset, 6 bits per channel" },
  { file: "dusk.jpg", title: "Dusk, low-quality JPEG" },
  { file: "game.png", title: "Game, RGB 565" },
];

export function takeImages(onFiles, onError) {
  const find = (id) => document.getElementById(id);
  const input = find("file");
  for (const id of ["open", "open-first"]) find(id).onclick = () => input.click();
  input.onchange = () => {
    onFiles([...input.files]);
    // The same file can be chosen again.
    input.value = "";
  };
  drops(find("drop"), onFiles);
  addEventListener("paste", ({ clipboardData }) => {
    const files = [...(clipboardData?.files ?? [])];
    if (files.length) onFiles(files);
  });
  if (!document.documentElement.dataset.served) find("examples").append(...EXAMPLES.map((example) => shown(example, onFiles, onError)));
}

function drops(sign, onFiles) {
  const files = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  const show = (by) => {
    depth = by === 0 ? 0 : Math.max(0, depth + by);
    sign.hidden = depth === 0;
  };
  addEventListener("dragenter", (event) => files(event) && show(1));
  addEventListener("dragleave", (event) => files(event) && show(-1));
  addEventListener("dragover", (event) => files(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    show(0);
    onFiles([...event.dataTransfer.files]);
  });
}

function shown({ file, title }, onFiles, onError) {
  const address = `examples/${file}`;
  const image = Object.assign(new Image(168, 112), { src: address, alt: "" });
  const button = Object.assign(document.createElement("button"), { type: "button" });
  button.append(image, title);
  button.onclick = async () => {
    try {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
      const blob = await answer.blob();
      onFiles([new File([blob], file, { type: blob.type })]);
    } catch (error) {
      onError(`The example could not be loaded: ${error.message}`);
    }
  };
  const item = document.createElement("li");
  item.append(button);
  return item;
}
