export default function PeoplePage() {
  return <main className="page" id="main" />
}
