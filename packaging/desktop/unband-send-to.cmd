@echo off
rem For the Explorer: put this file next to unband.exe and a link to it into the folder that opens with Win+R, shell:sendto.
rem The selected images and videos are written next to themselves as NAME_unband.EXT.
"%~dp0unband.exe" %*
if errorlevel 1 pause
