// Before anything is drawn, so that the page never flashes in the other theme. No module: modules run later.
{
  const theme = localStorage.getItem("theme");
  if (theme) document.documentElement.dataset.theme = theme;
}
