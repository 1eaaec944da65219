root.classList.add("js");
wireLegend();
for (const [id, one] of Object.entries(data.whatIfs)) wireWhatIf(id, one);
wireTheme();
wireMatrices();
wireCopy();
wirePrint();
wireWidth();
drawAll();
